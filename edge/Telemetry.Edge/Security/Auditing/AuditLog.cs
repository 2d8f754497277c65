using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Security.Limits;

namespace Telemetry.Edge.Security.Auditing;

/// <summary>
/// Who was refused what, and what was changed by whom, as structured lines of the category <c>Telemetry.Audit</c>. Clients cause most of them, so
/// of each kind only so many a second are written; the next one says how many were not.
/// </summary>
internal sealed class AuditLog(ILogger logger, TimeProvider time)
{
    /// <summary>Name of the category.</summary>
    public const string Category = "Telemetry.Audit";

    private const double LinesPerSecond = 10;
    private const double LinesAtOnce = 50;

    /// <summary>Characters of a name or topic that are written.</summary>
    private const int CharactersMax = 200;

    private readonly Lock _gate = new();
    private readonly long _origin = time.GetTimestamp();
    private readonly Kind _connect = new();
    private readonly Kind _publish = new();
    private readonly Kind _subscribe = new();

    public void ConnectRefused(string? clientId, string? userName, EndPoint? remote, object code, string? reason)
    {
        if (MayWrite(_connect, out var heldBack))
        {
            logger.AuditConnectRefused(Short(clientId), Short(userName), remote, code, reason, heldBack);
        }
    }

    public void PublishDenied(MqttClientIdentity client, EndPoint? remote, ReadOnlySpan<byte> topic)
    {
        if (MayWrite(_publish, out var heldBack))
        {
            logger.AuditPublishDenied(client.Owner, client.ClientId, remote, Text(topic), heldBack);
        }
    }

    public void SubscribeDenied(MqttClientIdentity client, EndPoint? remote, ReadOnlySpan<byte> filter)
    {
        if (MayWrite(_subscribe, out var heldBack))
        {
            logger.AuditSubscribeDenied(client.Owner, client.ClientId, remote, Text(filter), heldBack);
        }
    }

    /// <summary>Users, rules, certificates or keys were read again, or could not be.</summary>
    public void Reloaded(string part, bool isInForce, string detail) => logger.AuditReloaded(part, isInForce, detail);

    /// <summary>A connection was ended because its user or its certificate is none any more.</summary>
    public void Ended(MqttClientIdentity client, EndPoint? remote) => logger.AuditEnded(client.Owner, client.ClientId, remote);

    private static string Text(ReadOnlySpan<byte> topic)
    {
        // A character is at most four bytes.
        return Short(Encoding.UTF8.GetString(topic[..Math.Min(topic.Length, CharactersMax * 4)]))!;
    }

    /// <summary>Clients choose these, and how long they are.</summary>
    private static string? Short(string? text) => text is { Length: > CharactersMax } ? text[..CharactersMax] + "..." : text;

    private bool MayWrite(Kind kind, out long heldBack)
    {
        heldBack = 0;
        if (!logger.IsEnabled(LogLevel.Information))
        {
            return false;
        }

        lock (_gate)
        {
            if (!kind.Lines.TryTake((long)time.GetElapsedTime(_origin).TotalMilliseconds))
            {
                kind.HeldBack++;
                return false;
            }

            (heldBack, kind.HeldBack) = (kind.HeldBack, 0);
            return true;
        }
    }

    private sealed class Kind
    {
        public TokenBucket Lines = new(LinesPerSecond, LinesAtOnce, 0);
        public long HeldBack;
    }
}

/// <summary>The lines of <see cref="AuditLog"/>, event ids 1200 to 1299.</summary>
internal static partial class AuditLines
{
    [LoggerMessage(1200, LogLevel.Information,
        "connect refused: client '{ClientId}', user '{UserName}', from {Remote}: {Code} {Reason} ({HeldBack} more were not written)")]
    public static partial void AuditConnectRefused(
        this ILogger logger, string? clientId, string? userName, EndPoint? remote, object code, string? reason, long heldBack);

    [LoggerMessage(1201, LogLevel.Information,
        "publish denied: {Owner}, client '{ClientId}', from {Remote}, topic '{Topic}' ({HeldBack} more were not written)")]
    public static partial void AuditPublishDenied(
        this ILogger logger, string owner, string clientId, EndPoint? remote, string topic, long heldBack);

    [LoggerMessage(1202, LogLevel.Information,
        "subscribe denied: {Owner}, client '{ClientId}', from {Remote}, filter '{Filter}' ({HeldBack} more were not written)")]
    public static partial void AuditSubscribeDenied(
        this ILogger logger, string owner, string clientId, EndPoint? remote, string filter, long heldBack);

    [LoggerMessage(1203, LogLevel.Information, "read again: {Part}, in force: {IsInForce}: {Detail}")]
    public static partial void AuditReloaded(this ILogger logger, string part, bool isInForce, string detail);

    [LoggerMessage(1204, LogLevel.Information, "connection ended: {Owner}, client '{ClientId}', from {Remote}: its user or certificate is not valid any more")]
    public static partial void AuditEnded(this ILogger logger, string owner, string clientId, EndPoint? remote);
}
