using System.Net;

namespace Telemetry.Host.Access;

/// <summary>Lines of the door: what an operator reads (8060 to 8069), and the audit log's of HTTP (8070 to 8079).</summary>
internal static partial class AccessLog
{
    [LoggerMessage(8060, LogLevel.Error, "The tokens in {File} cannot be used; those read before stay valid: {Reason}")]
    public static partial void TokensNotRead(ILogger logger, string file, string reason);

    [LoggerMessage(8061, LogLevel.Warning, "HTTP on {Address} is open to other machines without users: everybody who reaches it reads and acts (Access:AllowAnonymousFromAnywhere)")]
    public static partial void OpenFromAnywhere(ILogger logger, IPAddress address);

    [LoggerMessage(8062, LogLevel.Warning, "HTTP on {Address} lets nobody in but probes: no user in Edge:UsersFile has a role. Give one: telemetry users add NAME --role administrator")]
    public static partial void NobodyHasRole(ILogger logger, IPAddress address);

    [LoggerMessage(8063, LogLevel.Warning, "HTTP on {Address} is not encrypted: passwords and tokens can be read on the way. Set Http:Tls:CertificateFile, or name the proxy that takes TLS off in Access:Proxies")]
    public static partial void NotEncrypted(ILogger logger, IPAddress address);

    [LoggerMessage(8064, LogLevel.Information, "HTTP is open on this machine: there are no users yet, so whoever is on it reads and acts. Close it: telemetry users add NAME --role administrator --users-file FILE, and Edge:UsersFile")]
    public static partial void OpenOnLoopback(ILogger logger);

    [LoggerMessage(8065, LogLevel.Information, "HTTP is closed from now on: there are users")]
    public static partial void Closed(ILogger logger);

    [LoggerMessage(8066, LogLevel.Warning, "The token for metrics in {File} cannot be read, so no token is accepted: {Reason}")]
    public static partial void MetricsTokenNotRead(ILogger logger, string file, string reason);

    [LoggerMessage(8067, LogLevel.Warning, "{Topic} cannot be read; the next try is in {Pause}: {Reason}")]
    public static partial void SharedNotRead(ILogger logger, string topic, TimeSpan pause, string reason);

    [LoggerMessage(8068, LogLevel.Warning, "{Topic} does not take a record: {Reason}")]
    public static partial void SharedNotWritten(ILogger logger, string topic, string reason);

    [LoggerMessage(8069, LogLevel.Warning, "A session could not be written to the log; it is valid in this process only: {Reason}")]
    public static partial void SessionNotShared(ILogger logger, string reason);

    [LoggerMessage(8070, LogLevel.Information, "signed in: {UserName} ({Kind}, {Role}), from {Remote}")]
    public static partial void SignedIn(ILogger logger, string userName, PersonKind kind, string role, IPAddress? remote);

    [LoggerMessage(8071, LogLevel.Information, "sign-in refused: {UserName}, from {Remote}: {Reason} ({HeldBack} more were not written)")]
    public static partial void SignInRefused(ILogger logger, string userName, IPAddress? remote, string reason, long heldBack);

    [LoggerMessage(8072, LogLevel.Information, "signed out: {UserName}, from {Remote}")]
    public static partial void SignedOut(ILogger logger, string userName, IPAddress? remote);

    [LoggerMessage(8073, LogLevel.Information, "act: {UserName} ({Kind}, {Role}), from {Remote}: {Method} {Path}: {Status}")]
    public static partial void Acted(
        ILogger logger, string userName, PersonKind kind, string role, IPAddress? remote, string method, string path, int status);

    [LoggerMessage(8074, LogLevel.Information, "refused: {UserName}, from {Remote}: {Method} {Path}: {Status} {Reason} ({HeldBack} more were not written)")]
    public static partial void Refused(
        ILogger logger, string userName, IPAddress? remote, string method, string path, int status, string reason, long heldBack);

    [LoggerMessage(8075, LogLevel.Information, "token {Act}: {TokenId} of {Owner} ({Role}), by {UserName}, from {Remote}")]
    public static partial void TokenChanged(ILogger logger, string act, string tokenId, string owner, string role, string userName, IPAddress? remote);

    [LoggerMessage(8076, LogLevel.Information, "read for the audit log: {UserName}, from {Remote}")]
    public static partial void AuditRead(ILogger logger, string userName, IPAddress? remote);
}
