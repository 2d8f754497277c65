using Microsoft.Extensions.Logging;

namespace Telemetry.ClickHouseServer;

/// <summary>All messages of this project; event ids 4900 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4900, LogLevel.Information, "ClickHouse's HTTP interface on http://{Address}/, engine {Version}")]
    public static partial void Listening(ILogger logger, string address, string version);

    [LoggerMessage(4901, LogLevel.Debug, "A client went away: {Message}")]
    public static partial void ClientGone(ILogger logger, string message);

    [LoggerMessage(4902, LogLevel.Information, "ClickHouse's HTTP interface stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(4903, LogLevel.Error, "A request failed for a reason that is not the client's")]
    public static partial void RequestFailed(ILogger logger, Exception exception);
}
