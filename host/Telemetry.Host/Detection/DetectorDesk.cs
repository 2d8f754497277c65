using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Operations.Backtesting;
using Telemetry.Processing;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;
using Telemetry.Query.Detection;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Host.Detection;

/// <summary>Settings of detectors for the API: versions on the log, and backtests over the store.</summary>
internal sealed class DetectorDesk : IDetectorDesk, IAsyncDisposable
{
    private const int BacktestsMax = 2;

    private readonly ProcessingOptions _options;
    private readonly IClickHouse _clickHouse;
    private readonly SettingsDesk _desk;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _backtests = new(BacktestsMax);

    public DetectorDesk(IRecordLog log, IClickHouse clickHouse, ProcessingOptions options, ILogger<DetectorDesk> logger, TimeProvider time)
    {
        (_options, _clickHouse, _time) = (options, clickHouse, time);
        _desk = new SettingsDesk(log, options.SettingsTopic, logger, time);
    }

    public IReadOnlyList<KnownDetector> Known { get; } = [.. DetectorCatalogue.Names.Select(name => new KnownDetector(
        name, [.. DetectorCatalogue.ParametersOf(name).Select(p => KeyValuePair.Create(p.Name, p.Default))]))];

    /// <summary>Begins to follow the settings; the topic must exist.</summary>
    public void Start() => _desk.Start();

    public async Task<IReadOnlyList<DetectorVersion>> HistoryAsync(CancellationToken cancellationToken) =>
        [.. (await _desk.ReadAsync(cancellationToken)).Versions.Select(ToVersion)];

    public async Task<IReadOnlyList<DetectorPin>> InForceAsync(CancellationToken cancellationToken) =>
    [
        .. (await _desk.ReadAsync(cancellationToken)).Pins
            .Where(pin => pin.Group == _options.Group)
            .GroupBy(pin => pin.Partition)
            .Select(pins => pins.MaxBy(pin => pin.Offset))
            .Select(pin => new DetectorPin(pin.Partition, pin.Offset, pin.Version)),
    ];

    public async Task<SeriesDetection> ExplainAsync(string device, string sensor, CancellationToken cancellationToken)
    {
        var settings = (await _desk.ReadAsync(cancellationToken)).Latest?.Settings ?? DetectorSettings.Empty;
        return new SeriesDetection(
            [.. settings.DetectorsOf(device, sensor).Select(d => d.Text)],
            settings.IsOutOfService(device, sensor, UnixMicros.From(_time.GetUtcNow())));
    }

    public void Check(ReadOnlyMemory<byte> document) => Read(document);

    public async Task<DetectorVersion> PutAsync(
        ReadOnlyMemory<byte> document, string by, string source, string comment, int? expected, CancellationToken cancellationToken)
    {
        try
        {
            return ToVersion(await _desk.PutAsync(document, by, source, comment, expected, cancellationToken));
        }
        catch (DetectorSettingsException error)
        {
            throw new DetectorDocumentException(error.Problems, error);
        }
        catch (SettingsConflictException error)
        {
            throw new DetectorConflictException(error.Message, error);
        }
    }

    public async Task<BacktestAnswer?> BacktestAsync(BacktestQuestion question, CancellationToken cancellationToken)
    {
        var settings = question.Document is { } document
            ? Read(document)
            : (await _desk.ReadAsync(cancellationToken)).Latest?.Settings ?? DetectorSettings.Empty;
        if (!await _backtests.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return null;
        }

        try
        {
            var span = new HistorySpan(question.From, question.To, question.WarmUp, question.Device, question.Sensor);
            var backtest = new Backtest(_options, UnixMicros.From(question.From), UnixMicros.From(question.To), question.HitsMax, settings);
            await StoreHistory.FeedAsync(_clickHouse, span, backtest, null, cancellationToken);
            var report = backtest.Complete();
            return new BacktestAnswer(
                report.Incidents,
                report.Readings,
                [.. report.First.Select(a => new BacktestHit(a.EventTimeUs, a.Value, KebabCase.Of(a.Kind.ToString()), a.Detector, a.Reason))]);
        }
        finally
        {
            _backtests.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        _backtests.Dispose();
    }

    private static DetectorSettings Read(ReadOnlyMemory<byte> document)
    {
        try
        {
            return DetectorSettingsReader.Read(document);
        }
        catch (DetectorSettingsException error)
        {
            throw new DetectorDocumentException(error.Problems, error);
        }
    }

    private static DetectorVersion ToVersion(SettingsVersion version) =>
        new(version.Number, version.At, version.By, version.Source, version.Comment, version.Document, version.Problem);
}
