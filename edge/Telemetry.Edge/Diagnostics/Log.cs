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
        "MaxConnections is {MaxConnections}, but this process may open {Files} files only: raise the limit (ulimit -n) or lower MaxConnections")]
    public static partial void FewFiles(this ILogger logger, int maxConnections, long files);

    [LoggerMessage(1003, LogLevel.Information, "MQTT stops: {Connections} connections are told, {Owed} answers are owed by the log")]
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

    [LoggerMessage(1008, LogLevel.Error, "A connection failed in a way that is the broker's fault; it is closed")]
    public static partial void ConnectionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1009, LogLevel.Error, "Taking connections on {Endpoint} failed; trying again in {Delay}")]
    public static partial void AcceptFailed(this ILogger logger, Exception exception, EndPoint endpoint, TimeSpan delay);

    [LoggerMessage(1010, LogLevel.Debug, "TLS handshake with {Remote} failed: {Message}")]
    public static partial void HandshakeFailed(this ILogger logger, EndPoint? remote, string message);

    [LoggerMessage(1011, LogLevel.Error, "A timer of the broker failed; the next tick tries again")]
    public static partial void TimerFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1012, LogLevel.Warning, "The will of '{ClientId}' on an ingest topic was not stored: {Outcome}")]
    public static partial void WillNotStored(this ILogger logger, string clientId, object outcome);
}
