using System.Text.Json;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Replay;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Host.Configuration;
using Telemetry.Observability.Lag;
using Telemetry.Operations.Audit;
using Telemetry.Query.Operations;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Replay;
using Telemetry.Streams;

namespace Telemetry.Host.Operations;

/// <summary>What a running platform does for its operators, over its own log and store.</summary>
/// <param name="log">The log.</param>
/// <param name="clickHouse">The store.</param>
/// <param name="schemas">Layouts by schema id.</param>
/// <param name="options">Settings, with the ids of the schema registry.</param>
/// <param name="groups">Consumer groups of the platform.</param>
/// <param name="runAlone">Does work while storage stands still; an IOException says that it does so for other work. Null: storage runs elsewhere.</param>
/// <param name="logging">Told of what goes wrong.</param>
/// <param name="time">Clock.</param>
internal sealed class OperationsDesk(
    IRecordLog log,
    IClickHouse clickHouse,
    IReadingSchemas schemas,
    TelemetryOptions options,
    IReadOnlyList<LagGroup> groups,
    Func<Func<IReadOnlyDictionary<int, long>, Task>, CancellationToken, Task>? runAlone,
    ILoggerFactory logging,
    TimeProvider time) : IOperationsDesk, IDisposable
{
    private const int BacktestsMax = 2;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly SemaphoreSlim _backtests = new(BacktestsMax);
    private readonly SemaphoreSlim _letters = new(1, 1);
    private readonly SemaphoreSlim _lag = new(1, 1);
    private readonly LagSampler _sampler = new(log, groups, static () => [], options.Lag.AllowedDelay, time);

    public async Task<DeadLetterPage> ListLettersAsync(DeadLetterQuestion question, CancellationToken cancellationToken)
    {
        var filter = new DeadLetterFilter
        {
            Cause = question.Cause, Stage = question.Stage, Source = question.Source, Since = question.Since, Resolved = question.Resolved,
        };
        var list = await new DeadLetterReader(log).ListAsync(filter, question.Limit, cancellationToken);
        return new DeadLetterPage([.. list.Entries.Select(e => DeadLetterViews.Of(e, whole: false))], list.Matching, list.Open);
    }

    public async Task<DeadLetterView?> FindLetterAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } entry ? DeadLetterViews.Of(entry, whole: true) : null;

    public async Task<DeadLetterOutcome?> ReplayLetterAsync(string id, DeadLetterRepair repair, CancellationToken cancellationToken)
    {
        var how = new ReplayOptions { Fix = repair.Fix, Payload = repair.Payload is { } text ? Base64(text) : (ReadOnlyMemory<byte>?)null };
        await _letters.WaitAsync(cancellationToken);
        try
        {
            if (await FindAsync(id, cancellationToken) is not { } entry)
            {
                return null;
            }

            await using var replayer = await DeadLetterReplayer.OpenAsync(log, options.Bridge, time, logging, cancellationToken);
            var result = await replayer.ReplayAsync(entry, how, repair.DryRun, cancellationToken);
            return new DeadLetterOutcome(DeadLetterViews.IdOf(entry.Id), KebabCase.Of(result.Outcome.ToString()), result.Detail);
        }
        finally
        {
            _letters.Release();
        }
    }

    public async Task<LagView> LagAsync(CancellationToken cancellationToken)
    {
        await _lag.WaitAsync(cancellationToken);
        try
        {
            return LagViews.Of(await _sampler.SampleAsync(cancellationToken), time.GetUtcNow());
        }
        finally
        {
            _lag.Release();
        }
    }

    public async Task<OperationReport> BacktestAsync(BacktestOrder order, CancellationToken cancellationToken)
    {
        var run = BacktestRun.Of(order, time.GetUtcNow());
        if (!await _backtests.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            throw new OperationRefusedException($"{BacktestsMax} backtests run already; try again when one is done.", isBusy: true);
        }

        try
        {
            var (report, gap) = order.Source switch
            {
                null or "store" => await run.OverStoreAsync(options.Processing, clickHouse, null, cancellationToken),
                "log" => await run.OverLogAsync(options.Processing, log, null, cancellationToken),
                _ => throw new OperationRefusedException($"'{order.Source}' is not a source of history: store or log."),
            };
            return new OperationReport(run.Describe(report) + (gap is null ? "" : Environment.NewLine + gap), true, run.ToJson(report));
        }
        catch (Processing.Settings.DetectorSettingsException error)
        {
            throw new OperationRefusedException(error.Message, inner: error);
        }
        finally
        {
            _backtests.Release();
        }
    }

    public async Task<OperationReport> AuditAsync(AuditOrder order, CancellationToken cancellationToken)
    {
        if (order.Sample is { } share && share is not (> 0 and <= 1))
        {
            throw new OperationRefusedException("'sample' is a share of the devices, above 0 and at most 1.");
        }

        AuditReport? report = null;
        await AloneAsync(
            async ends =>
            {
                var auditor = new Auditor(log, clickHouse, schemas, new AuditOptions { FutureMax = options.Bridge.FutureMax, Ends = ends, Sample = AuditSample.Draw(order.Sample) });
                report = await auditor.RunAsync(
                    "", AuditWindows.Of(await AuditHorizon.ReadAsync(clickHouse, cancellationToken)), null, cancellationToken);
            },
            cancellationToken);
        return new OperationReport(AuditText.Describe(report!), report!.IsClean, JsonSerializer.SerializeToElement(report, AuditReport.Json));
    }

    public async Task<OperationReport> ReplayAsync(ReplayOrder order, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var request = new SpanReplayRequest(
            TimeText.Parse(order.From, now), order.To is null ? now : TimeText.Parse(order.To, now), order.Apply, options.Bridge.FutureMax);
        if (request.From >= request.To)
        {
            throw new OperationRefusedException($"The start {request.From:O} is not before the end {request.To:O}.");
        }

        SpanReplayReport? report = null;
        await AloneAsync(
            async _ =>
            {
                var window = AuditWindows.Of(await AuditHorizon.ReadAsync(clickHouse, cancellationToken));
                report = await new SpanReplay(log, clickHouse, options.Sink, window, logging, time, schemas).RunAsync(request, null, cancellationToken);
            },
            cancellationToken);
        return new OperationReport(ReplayText.Describe(request, report!), report!.IsClean, JsonSerializer.SerializeToElement(report, Json));
    }

    public void Dispose()
    {
        _backtests.Dispose();
        _letters.Dispose();
        _lag.Dispose();
    }

    private async Task AloneAsync(Func<IReadOnlyDictionary<int, long>, Task> work, CancellationToken cancellationToken)
    {
        if (runAlone is null)
        {
            throw new OperationRefusedException("Storage does not run in this process. Stop the storage processes, and run ./telemetry audit or replay with --kafka and --clickhouse.");
        }

        try
        {
            await runAlone(work, cancellationToken);
        }
        catch (IOException error)
        {
            throw new OperationRefusedException(error.Message, isBusy: true, error);
        }
    }

    private Task<DeadLetterEntry?> FindAsync(string id, CancellationToken cancellationToken) =>
        new DeadLetterReader(log).FindAsync(DeadLetterViews.Parse(id), cancellationToken);

    private static byte[] Base64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException error)
        {
            throw new FormatException("'payload' is not base64.", error);
        }
    }
}
