using System.Text.Json;

namespace Telemetry.Query.Operations;

/// <summary>Which dead letters are asked for.</summary>
/// <param name="Cause">Only this cause; null: all.</param>
/// <param name="Stage">Only this stage; null: all.</param>
/// <param name="Source">Only sources that contain this; null: all.</param>
/// <param name="Since">Only those refused from here on; null: all.</param>
/// <param name="Resolved">True: resolved ones too.</param>
/// <param name="Limit">Most of them, the newest.</param>
public sealed record DeadLetterQuestion(string? Cause, string? Stage, string? Source, DateTimeOffset? Since, bool Resolved, int Limit);

/// <summary>A dead letter.</summary>
/// <param name="Id">Partition and offset: 2-17.</param>
/// <param name="Refused">When it was refused.</param>
/// <param name="Stage">bridge, processing or storage.</param>
/// <param name="Cause">Why, a word.</param>
/// <param name="Detail">Why, a sentence.</param>
/// <param name="Source">MQTT topic, or topic of the log.</param>
/// <param name="Partition">Partition of that; null for MQTT.</param>
/// <param name="Offset">Offset in it; null for MQTT.</param>
/// <param name="Client">Who sent it; empty when it is not known.</param>
/// <param name="Trace">Trace id; empty when there is none.</param>
/// <param name="Readings">Which readings of the payload are concerned; empty: all.</param>
/// <param name="Resolution">What was done about it; null while it is open.</param>
/// <param name="Payload">The original bytes in base64; null in lists.</param>
/// <param name="Text">The payload for people; null in lists.</param>
public sealed record DeadLetterView(
    string Id, DateTimeOffset Refused, string Stage, string Cause, string Detail, string Source, int? Partition, long? Offset, string Client, string Trace,
    IReadOnlyList<uint> Readings, string? Resolution, string? Payload, string? Text);

/// <summary>Dead letters.</summary>
/// <param name="Letters">The newest that fit, oldest first.</param>
/// <param name="Matching">All that fit.</param>
/// <param name="Open">Those not resolved, whatever was asked.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetterView> Letters, long Matching, long Open);

/// <summary>How a dead letter is sent again.</summary>
/// <param name="Fix">True: what can be mended is.</param>
/// <param name="Payload">Bytes in place of the original ones, base64; null: the original.</param>
/// <param name="DryRun">True: only judged.</param>
public sealed record DeadLetterRepair(bool Fix = false, string? Payload = null, bool DryRun = false);

/// <summary>What became of it.</summary>
/// <param name="Id">The letter.</param>
/// <param name="Outcome">replayed, would-replay, resolved (before) or refused.</param>
/// <param name="Detail">A sentence.</param>
public sealed record DeadLetterOutcome(string Id, string Outcome, string Detail);

/// <summary>How far one group is behind in one partition.</summary>
public sealed record GroupLagView(string Group, string Topic, int Partition, long? Committed, long Records, double Seconds);

/// <summary>Readings measured before <paramref name="Time"/> are done at a stage.</summary>
public sealed record WatermarkView(string Stage, DateTimeOffset Time, double LagSeconds);

/// <summary>How far the platform is behind the log.</summary>
public sealed record LagView(DateTimeOffset At, IReadOnlyList<GroupLagView> Groups, IReadOnlyList<WatermarkView> Watermarks);

/// <summary>Which history detectors are tried on.</summary>
/// <param name="From">Start: 2h ago, or a time.</param>
/// <param name="To">End; null: now.</param>
/// <param name="WarmUp">History before it; null: 1h.</param>
/// <param name="Device">Only this device; null: all.</param>
/// <param name="Sensor">Only this sensor; null: all.</param>
/// <param name="Detector">Detector with its parameters, as on the command line; null: default, or <paramref name="Settings"/>.</param>
/// <param name="Gated">False: the detector alone, without the gate that the defaults have.</param>
/// <param name="Settings">A document of settings; null: <paramref name="Detector"/>.</param>
/// <param name="Source">store (default) or log.</param>
/// <param name="List">Hits listed; null: 20.</param>
public sealed record BacktestOrder(
    string From, string? To = null, string? WarmUp = null, string? Device = null, string? Sensor = null, string? Detector = null, bool Gated = true,
    JsonElement? Settings = null, string? Source = null, int? List = null);

/// <summary>What an audit compares.</summary>
/// <param name="Sample">Share of the devices, drawn at random, above 0 and at most 1; null: all.</param>
public sealed record AuditOrder(double? Sample = null);

/// <summary>Which span of the store is compared with the log.</summary>
/// <param name="From">Start: 2h ago, or a time.</param>
/// <param name="To">End; null: now.</param>
/// <param name="Apply">True: what the log says is put in place.</param>
public sealed record ReplayOrder(string From, string? To = null, bool Apply = false);

/// <summary>What a long operation found.</summary>
/// <param name="Text">For people.</param>
/// <param name="IsClean">False: it found something wrong.</param>
/// <param name="Report">All of it.</param>
public sealed record OperationReport(string Text, bool IsClean, JsonElement Report);

/// <summary>An order cannot be carried out; the message says why.</summary>
public sealed class OperationRefusedException(string message, bool isBusy = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True: another one runs; it may be tried again.</summary>
    public bool IsBusy { get; } = isBusy;
}

/// <summary>What operators do with a running platform, for the API; the host provides it.</summary>
public interface IOperationsDesk
{
    Task<DeadLetterPage> ListLettersAsync(DeadLetterQuestion question, CancellationToken cancellationToken);

    /// <summary>One letter with its payload; null when it is not there.</summary>
    Task<DeadLetterView?> FindLetterAsync(string id, CancellationToken cancellationToken);

    /// <summary>Sends a letter through the bridge again; null when it is not there.</summary>
    Task<DeadLetterOutcome?> ReplayLetterAsync(string id, DeadLetterRepair repair, CancellationToken cancellationToken);

    Task<LagView> LagAsync(CancellationToken cancellationToken);

    /// <exception cref="OperationRefusedException">Not usable, or others run.</exception>
    Task<OperationReport> BacktestAsync(BacktestOrder order, CancellationToken cancellationToken);

    /// <summary>Compares log, raw readings and rollups, up to where storage is. Storage waits meanwhile; nothing is lost.</summary>
    /// <exception cref="OperationRefusedException">Storage does not run here, or another one runs.</exception>
    Task<OperationReport> AuditAsync(AuditOrder order, CancellationToken cancellationToken);

    /// <summary>Compares a span with the log, and puts it right on request. Storage waits meanwhile; nothing is lost.</summary>
    /// <exception cref="OperationRefusedException">Not usable, storage does not run here, or another one runs.</exception>
    Task<OperationReport> ReplayAsync(ReplayOrder order, CancellationToken cancellationToken);
}
