namespace Telemetry.Query.Detection;

/// <summary>One version of the detectors' settings.</summary>
/// <param name="Version">1, 2, 3...; 0: none was ever given.</param>
/// <param name="At">When it was written.</param>
/// <param name="By">Who wrote it.</param>
/// <param name="Source">Through what: api, file, backtest.</param>
/// <param name="Comment">Why.</param>
/// <param name="Document">The document as it was given (JSON, comments allowed).</param>
/// <param name="Problem">Why the platform cannot read it; empty when it can.</param>
public sealed record DetectorVersion(
    int Version, DateTimeOffset At, string By, string Source, string Comment, ReadOnlyMemory<byte> Document, string Problem);

/// <summary>From which offset of a partition of the readings on a version is in force.</summary>
public readonly record struct DetectorPin(int Partition, long Offset, int Version);

/// <summary>A detector that can be chosen by name.</summary>
/// <param name="Name">Name.</param>
/// <param name="Parameters">Parameters with their defaults.</param>
public sealed record KnownDetector(string Name, IReadOnlyList<KeyValuePair<string, string>> Parameters);

/// <summary>What runs on one series now.</summary>
/// <param name="Detectors">Detectors with their parameters.</param>
/// <param name="IsOutOfService">True: nothing is raised of it now.</param>
public sealed record SeriesDetection(IReadOnlyList<string> Detectors, bool IsOutOfService);

/// <summary>Settings to try on one series.</summary>
/// <param name="Device">Device.</param>
/// <param name="Sensor">Sensor.</param>
/// <param name="From">Start of what is judged.</param>
/// <param name="To">Its end, exclusive.</param>
/// <param name="WarmUp">How much before it the detectors see first.</param>
/// <param name="Document">The settings; null: those in force.</param>
/// <param name="HitsMax">Hits given; all are counted.</param>
public sealed record BacktestQuestion(
    string Device, string Sensor, DateTimeOffset From, DateTimeOffset To, TimeSpan WarmUp, ReadOnlyMemory<byte>? Document, int HitsMax);

/// <summary>Where it would have fired.</summary>
/// <param name="TimeUs">Event time, microseconds since 1970.</param>
/// <param name="Value">The value then.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Detector">Which detector.</param>
/// <param name="Text">A sentence for people.</param>
public sealed record BacktestHit(long TimeUs, double Value, string Kind, string Detector, string Text);

/// <summary>Result of a backtest.</summary>
/// <param name="Count">Times it would have fired in the span.</param>
/// <param name="Readings">Readings judged, the warm-up included.</param>
/// <param name="Hits">The first of them.</param>
public sealed record BacktestAnswer(long Count, long Readings, IReadOnlyList<BacktestHit> Hits);

/// <summary>The document is not one of detector settings.</summary>
public sealed class DetectorDocumentException(IReadOnlyList<string> problems, Exception inner)
    : Exception(string.Join(" ", problems), inner)
{
    /// <summary>Each problem, with its place.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>Another version came first.</summary>
public sealed class DetectorConflictException(string message, Exception inner) : Exception(message, inner);

/// <summary>The settings of detectors, for the API; the host provides it.</summary>
public interface IDetectorDesk
{
    /// <summary>Detectors that can be chosen.</summary>
    IReadOnlyList<KnownDetector> Known { get; }

    /// <summary>All versions kept, the newest first.</summary>
    Task<IReadOnlyList<DetectorVersion>> HistoryAsync(CancellationToken cancellationToken);

    /// <summary>The newest pin of each partition.</summary>
    Task<IReadOnlyList<DetectorPin>> InForceAsync(CancellationToken cancellationToken);

    /// <summary>What the newest version says of a series.</summary>
    Task<SeriesDetection> ExplainAsync(string device, string sensor, CancellationToken cancellationToken);

    /// <exception cref="DetectorDocumentException">The document cannot be used.</exception>
    void Check(ReadOnlyMemory<byte> document);

    /// <summary>Puts a document in force.</summary>
    /// <exception cref="DetectorDocumentException">The document cannot be used.</exception>
    /// <exception cref="DetectorConflictException">There is a newer version than <paramref name="expected"/>.</exception>
    Task<DetectorVersion> PutAsync(
        ReadOnlyMemory<byte> document, string by, string source, string comment, int? expected, CancellationToken cancellationToken);

    /// <summary>What settings would have raised on one series; null: too many backtests run already.</summary>
    /// <exception cref="DetectorDocumentException">The document cannot be used.</exception>
    Task<BacktestAnswer?> BacktestAsync(BacktestQuestion question, CancellationToken cancellationToken);
}
