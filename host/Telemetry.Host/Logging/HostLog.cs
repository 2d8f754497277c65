namespace Telemetry.Host;

/// <summary>Messages of the host, ids 8000 to 8999.</summary>
internal static partial class HostLog
{
    [LoggerMessage(8000, LogLevel.Information, "Started {Roles}; HTTP on {Http}, MQTT on {Mqtt}")]
    public static partial void Started(ILogger logger, string roles, string http, string mqtt);

    [LoggerMessage(8001, LogLevel.Warning, "Draining took longer than {Seconds} s; what is left stays on the log and is taken at the next start")]
    public static partial void DrainTimedOut(ILogger logger, double seconds);

    [LoggerMessage(8002, LogLevel.Information, "Stopping: intake first, then draining")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(8003, LogLevel.Critical, "The log or processing has failed for good. The process ends; start it again: recovery continues from what is on disk")]
    public static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(8004, LogLevel.Warning, "Sampling the pipeline's figures failed; trying again in a second")]
    public static partial void SamplingFailed(ILogger logger, Exception exception);

    [LoggerMessage(8005, LogLevel.Warning, "The simulator ended with code {Code}: {Errors}")]
    public static partial void SimulatorEnded(ILogger logger, int code, string errors);

    [LoggerMessage(8006, LogLevel.Warning, "{What} is not reachable: {Reason} Trying again in {Seconds} s")]
    public static partial void DependencyMissing(ILogger logger, string what, string reason, double seconds);

    [LoggerMessage(8007, LogLevel.Information, "{What} is reachable now")]
    public static partial void DependencyReached(ILogger logger, string what);

    [LoggerMessage(8008, LogLevel.Information, "{Role} is ready: {Address}")]
    public static partial void RoleReady(ILogger logger, string role, Uri address);

    [LoggerMessage(8009, LogLevel.Warning, "{Role} ended with code {Code}; it starts again in {Seconds} s. Its last lines: {Lines}")]
    public static partial void RoleEnded(ILogger logger, string role, int code, double seconds, string lines);

    [LoggerMessage(8010, LogLevel.Warning, "{Role} did not stop within {Seconds} s and is killed; what it had not committed is repeated at the next start")]
    public static partial void RoleKilled(ILogger logger, string role, double seconds);

    [LoggerMessage(8011, LogLevel.Information, "{Role} has stopped")]
    public static partial void RoleStopped(ILogger logger, string role);

    [LoggerMessage(8012, LogLevel.Information, "{Role}: {Line}")]
    public static partial void RoleSaid(ILogger logger, string role, string line);

    [LoggerMessage(8014, LogLevel.Warning, "Processing stopped; it starts again from the last commit in {Seconds} s")]
    public static partial void ProcessingRestarts(ILogger logger, Exception exception, double seconds);

    [LoggerMessage(8015, LogLevel.Warning, "Draining ended early; what is left stays on the log and is taken at the next start")]
    public static partial void DrainFailed(ILogger logger, Exception exception);

    [LoggerMessage(8016, LogLevel.Warning, "{Module} did not stop cleanly; what it had not committed is repeated at the next start")]
    public static partial void StopFailed(ILogger logger, string module, Exception exception);

    [LoggerMessage(8053, LogLevel.Information, "user {Act}: {User} in {File}, by {By}")]
    public static partial void UserChanged(ILogger logger, string act, string user, string file, string by);

    [LoggerMessage(8041, LogLevel.Warning, "Not stopped cleanly within {Seconds} s; the process ends, what is not committed is read again")]
    public static partial void StopTimedOut(ILogger logger, double seconds);

    [LoggerMessage(8042, LogLevel.Warning, "Following the log of MQTT sessions failed; it goes on in {Seconds} s from where it was")]
    public static partial void BrokerLogFailed(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(8043, LogLevel.Warning, "Lines of the audit log cannot be appended to the log now; they are in the audit file: {Reason}")]
    public static partial void AuditNotShared(ILogger logger, string reason);

    [LoggerMessage(8044, LogLevel.Warning, "Log and store were not compared by hour; tried again at the next interval: {Reason}")]
    public static partial void HoursNotCompared(ILogger logger, string reason);

    [LoggerMessage(8045, LogLevel.Warning, "{Hours} hours hold more event ids than Audit:MemoryBytesMax has room for and were not compared")]
    public static partial void HoursTooLarge(ILogger logger, int hours);

    [LoggerMessage(8046, LogLevel.Error, "{Difference}. telemetry audit names the readings")]
    public static partial void HourDiffers(ILogger logger, string difference);

    [LoggerMessage(8050, LogLevel.Information, "HTTPS takes the certificate in {File} from now on")]
    public static partial void CertificateRead(ILogger logger, string file);

    [LoggerMessage(8051, LogLevel.Error, "The certificate in {File} cannot be used, HTTPS keeps the one before: {Reason}")]
    public static partial void CertificateNotRead(ILogger logger, string file, string reason);

    [LoggerMessage(8052, LogLevel.Warning, "MQTT over WebSocket is closed on {Address}: it is open to other machines, and MQTT clients need no credentials. Set Edge:UsersFile, or Edge:AllowAnonymousFromAnywhere to true")]
    public static partial void WebSocketsClosed(ILogger logger, System.Net.IPAddress address);
}
