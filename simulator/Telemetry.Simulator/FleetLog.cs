using Microsoft.Extensions.Logging;

namespace Telemetry.Simulator;

internal static partial class FleetLog
{
    [LoggerMessage(6001, LogLevel.Information,
        "Simulating {Devices} devices against {Host}:{Port}, {Rate} readings an hour (0: unbounded), {PerPublish} a publish; ledger {Ledger}.")]
    public static partial void Starting(
        ILogger logger, int devices, string host, int port, double rate, int perPublish, string ledger);

    [LoggerMessage(6002, LogLevel.Information, "All {Devices} devices connected after {Elapsed}.")]
    public static partial void AllConnected(ILogger logger, int devices, TimeSpan elapsed);

    [LoggerMessage(6003, LogLevel.Warning, "Only {Connected} of {Devices} devices are connected; last error: {Error}")]
    public static partial void ConnectionsMissing(ILogger logger, long connected, int devices, string error);

    [LoggerMessage(6004, LogLevel.Warning, "Stopped with {Publishes} publishes without an answer after {Timeout}.")]
    public static partial void NotDrained(ILogger logger, long publishes, TimeSpan timeout);

    [LoggerMessage(6005, LogLevel.Information, "Sent {Sent} readings, {Acked} acknowledged, {Rejected} refused, {Skipped} skipped.")]
    public static partial void Finished(ILogger logger, long sent, long acked, long rejected, long skipped);

    [LoggerMessage(6006, LogLevel.Information, "Playing the past of {Devices} devices since {Start:u}, within {Within}; then the fleet begins.")]
    public static partial void PlayingPast(ILogger logger, int devices, DateTimeOffset start, TimeSpan within);

    [LoggerMessage(6007, LogLevel.Information, "Played the past: {Acked} of {Sent} readings acknowledged.")]
    public static partial void PlayedPast(ILogger logger, long acked, long sent);
}
