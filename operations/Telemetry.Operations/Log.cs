using Microsoft.Extensions.Logging;

namespace Telemetry.Operations;

/// <summary>All messages of this project; event ids 8600 to 8699.</summary>
internal static partial class Log
{
    [LoggerMessage(8600, LogLevel.Information, "Group {Groups} still has members; waiting up to {Seconds} s until they have left")]
    public static partial void WaitingForGroups(ILogger logger, string groups, double seconds);
}
