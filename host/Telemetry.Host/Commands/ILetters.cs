using System.Runtime.CompilerServices;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Replay;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Operations;
using Telemetry.Query.Operations;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>Dead letters, on the log or at the platform that runs.</summary>
internal interface ILetters : IAsyncDisposable
{
    Task<DeadLetterList> ListAsync(DeadLetterFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>One letter; null when it is not there.</summary>
    Task<DeadLetterEntry?> FindAsync(DeadLetterId id, CancellationToken cancellationToken);

    IAsyncEnumerable<DeadLetterEntry> AllAsync(DeadLetterFilter filter, CancellationToken cancellationToken);

    Task<ReplayResult> ReplayAsync(DeadLetterEntry entry, ReplayOptions how, bool dryRun, CancellationToken cancellationToken);
}

/// <summary>On a log that this process opens.</summary>
internal sealed class LettersOnLog : ILetters
{
    private readonly TelemetryOptions _options;
    private readonly ILoggerFactory _logging;
    private readonly IRecordLog _log;
    private DeadLetterReplayer? _replayer;

    private LettersOnLog(TelemetryOptions options, ILoggerFactory logging, IRecordLog log) => (_options, _logging, _log) = (options, logging, log);

    public static async Task<LettersOnLog> OpenAsync(TelemetryOptions options, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var log = RecordLogs.Open(options, logging);
        await log.EnsureTopicsAsync(Topics.Catalogue(options.Log), cancellationToken);
        return new LettersOnLog(options, logging, log);
    }

    public Task<DeadLetterList> ListAsync(DeadLetterFilter filter, int limit, CancellationToken cancellationToken) =>
        new DeadLetterReader(_log).ListAsync(filter, limit, cancellationToken);

    public Task<DeadLetterEntry?> FindAsync(DeadLetterId id, CancellationToken cancellationToken) => new DeadLetterReader(_log).FindAsync(id, cancellationToken);

    public async IAsyncEnumerable<DeadLetterEntry> AllAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var entry in new DeadLetterReader(_log).ReadAllAsync(cancellationToken))
        {
            if (filter.Holds(entry))
            {
                yield return entry;
            }
        }
    }

    public async Task<ReplayResult> ReplayAsync(DeadLetterEntry entry, ReplayOptions how, bool dryRun, CancellationToken cancellationToken)
    {
        if (_replayer is null)
        {
            await using var schemas = await OfflineSchemas.OpenAsync(_options, Roles.Edge, _logging, cancellationToken);
            _replayer = await DeadLetterReplayer.OpenAsync(
                _log, RoleSchemas.WithIds(_options, schemas).Bridge, TimeProvider.System, _logging, cancellationToken);
        }

        return await _replayer.ReplayAsync(entry, how, dryRun, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_replayer is not null)
        {
            await _replayer.DisposeAsync();
        }

        await _log.DisposeAsync();
    }
}

/// <summary>At the platform that runs.</summary>
internal sealed class LettersOfInstance(RunningInstance instance) : ILetters
{
    private const int LettersMax = 10_000;

    public async Task<DeadLetterList> ListAsync(DeadLetterFilter filter, int limit, CancellationToken cancellationToken)
    {
        var query = $"dead-letters?limit={Math.Min(limit, LettersMax)}{Part("cause", filter.Cause)}{Part("stage", filter.Stage)}{Part("source", filter.Source)}"
            + Part("since", filter.Since?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture))
            + Part("resolved", filter.Resolved ? "true" : null);
        var page = await instance.GetAsync<DeadLetterPage>(query, cancellationToken);
        return new DeadLetterList([.. page.Letters.Select(DeadLetterViews.Read)], page.Matching, page.Open);
    }

    public async Task<DeadLetterEntry?> FindAsync(DeadLetterId id, CancellationToken cancellationToken) =>
        DeadLetterViews.Read(await instance.GetAsync<DeadLetterView>($"dead-letters/{DeadLetterViews.IdOf(id)}", cancellationToken));

    public async IAsyncEnumerable<DeadLetterEntry> AllAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var entry in (await ListAsync(filter, LettersMax, cancellationToken)).Entries)
        {
            yield return entry;
        }
    }

    public async Task<ReplayResult> ReplayAsync(DeadLetterEntry entry, ReplayOptions how, bool dryRun, CancellationToken cancellationToken)
    {
        var repair = new DeadLetterRepair(how.Fix, how.Payload is { } payload ? Convert.ToBase64String(payload.Span) : null, dryRun);
        var outcome = await instance.PostAsync<DeadLetterOutcome>($"dead-letters/{DeadLetterViews.IdOf(entry.Id)}/replay", repair, cancellationToken);
        return new ReplayResult(
            Enum.GetValues<ReplayOutcome>().First(o => Contracts.Text.KebabCase.Of(o.ToString()) == outcome.Outcome), outcome.Detail);
    }

    public ValueTask DisposeAsync()
    {
        instance.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
