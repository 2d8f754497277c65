using System.Net;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Reasons;

namespace Telemetry.Edge.Diagnostics;

/// <summary>All log messages of the broker, event ids 1000 to 1999.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "MQTT listens on {Endpoint} ({Security})")]
    public static partial void Listening(this ILogger logger, EndPoint endpoint, string security);

    [LoggerMessage(1001, LogLevel.Warning,
        "MQTT on {Address} takes clients without credentials from other machines, because AllowAnonymousFromAnywhere is on")]
    public static partial void AnonymousFromAnywhere(this ILogger logger, string address);

    [LoggerMessage(1002, LogLevel.Warning,
        "MaxConnections is {MaxConnections}, but this process has files for {Sockets} MQTT connections only, and takes no more: raise its limit (ulimit -n) or lower MaxConnections")]
    public static partial void FewFiles(this ILogger logger, int maxConnections, int sockets);

    [LoggerMessage(1003, LogLevel.Information, "MQTT stops: {Connections} connections are told, {Owed} publishes still wait for the log")]
    public static partial void Stopping(this ILogger logger, int connections, int owed);

    [LoggerMessage(1004, LogLevel.Information, "MQTT has stopped, {Unanswered} publishes were left without an answer")]
    public static partial void Stopped(this ILogger logger, int unanswered);

    [LoggerMessage(1005, LogLevel.Debug, "Client '{ClientId}' connected from {Remote}, session present: {Present}")]
    public static partial void Connected(this ILogger logger, string clientId, EndPoint? remote, bool present);

    [LoggerMessage(1006, LogLevel.Debug, "Client '{ClientId}' is gone: {Kind} {Code} {Message} {Clause}")]
    public static partial void Disconnected(
        this ILogger logger, string? clientId, CloseKind kind, object? code, string? message, string? clause);

    [LoggerMessage(1007, LogLevel.Debug, "CONNECT from {Remote} refused: {Code} {Message}")]
    public static partial void ConnectRefused(this ILogger logger, EndPoint? remote, object code, string? message);

    [LoggerMessage(1008, LogLevel.Error, "A connection failed because of a fault in this broker; it is closed")]
    public static partial void ConnectionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1009, LogLevel.Error, "Taking connections on {Endpoint} failed; trying again in {Delay} ({HeldBack} more failures since the last message)")]
    public static partial void AcceptFailed(this ILogger logger, Exception exception, EndPoint endpoint, TimeSpan delay, long heldBack);

    [LoggerMessage(1010, LogLevel.Warning, "TLS handshake with {Remote} failed ({Cause}): {Message} ({Suppressed} more like it were not logged)")]
    public static partial void HandshakeFailed(this ILogger logger, EndPoint? remote, HandshakeFailure cause, string message, long suppressed);

    [LoggerMessage(1011, LogLevel.Error, "A timer of the broker failed; the next tick tries again")]
    public static partial void TimerFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1012, LogLevel.Warning, "The will of '{ClientId}' on an ingest topic was not stored: {Outcome} ({HeldBack} more were not since the last message)")]
    public static partial void WillNotStored(this ILogger logger, string clientId, object outcome, long heldBack);

    [LoggerMessage(1020, LogLevel.Warning,
        "A connection on {Endpoint} is closed at once: this kind of listener holds {Open} of its {Most} sockets, the process {AllOpen} of {Limit} ({HeldBack} more were closed since the last message). Raise the limit of open files (ulimit -n) if these are clients of yours")]
    public static partial void SocketRefused(
        this ILogger logger, EndPoint? endpoint, int open, int most, int allOpen, int limit, long heldBack);

    [LoggerMessage(1021, LogLevel.Warning, "MQTT stops: {Connections} connections did not end in time and are closed")]
    public static partial void CutAtStop(this ILogger logger, int connections);

    [LoggerMessage(1022, LogLevel.Warning,
        "A CONNECT is refused: CONNECTs that are not answered yet take all of Edge:MaxConnectBytes ({HeldBack} more were refused since the last message)")]
    public static partial void ConnectBudgetSpent(this ILogger logger, long heldBack);

    [LoggerMessage(1100, LogLevel.Information, "Read again and in force: {Part} ({Files})")]
    public static partial void Reloaded(this ILogger logger, string part, string files);

    [LoggerMessage(1101, LogLevel.Error, "{Part} cannot be read again; what was read before stays in force: {Message}")]
    public static partial void NotReloaded(this ILogger logger, string part, string message);

    [LoggerMessage(1102, LogLevel.Information, "The file system does not report changes in {Folder} ({Message}); the folder is checked every {Interval}")]
    public static partial void NotWatched(this ILogger logger, string folder, string message, TimeSpan interval);

    [LoggerMessage(1103, LogLevel.Warning, "{Count} connections end: their users were removed or their certificates were taken back")]
    public static partial void RevokedEnded(this ILogger logger, int count);

    [LoggerMessage(1104, LogLevel.Warning, "The revocation list of {Part} should have been replaced at {NextUpdate}; it still counts")]
    public static partial void OldRevocationList(this ILogger logger, string part, DateTimeOffset nextUpdate);

    [LoggerMessage(1105, LogLevel.Warning, "The keys that sign tokens cannot be fetched from {Url}: {Message} Those fetched last stay valid; trying again in {Delay}")]
    public static partial void NoKeys(this ILogger logger, Uri url, string message, TimeSpan delay);

    [LoggerMessage(1040, LogLevel.Information, "Restored {Sessions} sessions, {Retained} retained messages and {Messages} messages that wait for their sessions")]
    public static partial void Restored(this ILogger logger, int sessions, int retained, int messages);

    [LoggerMessage(1041, LogLevel.Error, "The broker's record in partition {Partition} at offset {Offset} cannot be read and is skipped: {Message}")]
    public static partial void RecordUnreadable(this ILogger logger, int partition, long offset, string message);

    [LoggerMessage(1042, LogLevel.Warning, "The will of '{ClientId}' was not taken by the log: {Message}")]
    public static partial void WillLost(this ILogger logger, string clientId, string message);

    [LoggerMessage(1023, LogLevel.Warning,
        "A WebSocket from {Remote} is refused with {Status}: {Words} Origin: '{Origin}' ({HeldBack} more were refused since the last message)")]
    public static partial void WebSocketRefused(
        this ILogger logger, IPAddress? remote, int status, string words, string origin, long heldBack);

    [LoggerMessage(1024, LogLevel.Warning,
        "Client id '{ClientId}' is used by several clients, which take the session from each other: {Count} times by now, last from {Remote}. Give each its own id ({HeldBack} more take-overs since the last message)")]
    public static partial void SessionContested(this ILogger logger, string clientId, long count, EndPoint? remote, long heldBack);
}
