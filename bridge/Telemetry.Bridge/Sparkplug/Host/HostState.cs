using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>
/// What the host says of itself on <c>spBv1.0/STATE/{host id}</c>: JSON, retained, QoS 1. [tck-id-host-topic-phid-birth-payload,
/// tck-id-host-topic-phid-death-payload] Its timestamp never goes back, not even over a restart with a clock set back: edge nodes pass over a STATE that
/// is older than the last online one. No clock: time is passed in.
/// </summary>
/// <param name="hostId">Host id.</param>
/// <param name="lastMs">The last timestamp given by a former run; null: there was none.</param>
internal sealed class HostState(string hostId, long? lastMs)
{
    private const long ForeignPauseMs = 1000;

    private long _lastMs = lastMs ?? long.MinValue;
    private long _answeredMs = long.MinValue / 2;

    /// <summary>Where it is published.</summary>
    public string Topic { get; } = $"spBv1.0/STATE/{hostId}";

    /// <summary>Timestamp of the present session: that of its death (the will of a host outside the broker) and of its birth.</summary>
    public long TimestampMs { get; private set; }

    /// <summary>The largest timestamp given, to be kept for the next run.</summary>
    public long LastMs => _lastMs;

    /// <summary>True after <see cref="Birth"/> and before <see cref="Death"/>.</summary>
    public bool IsOnline { get; private set; }

    /// <summary>A new session: gives it a timestamp.</summary>
    public void Begin(long nowMs) => TimestampMs = _lastMs = Math.Max(nowMs, _lastMs == long.MinValue ? nowMs : _lastMs + 1);

    /// <summary>
    /// Another process of this host has given a larger timestamp: an edge node that has seen it passes over anything older, so it is taken over.
    /// </summary>
    public void Raise(long seenMs)
    {
        if (seenMs > TimestampMs)
        {
            TimestampMs = seenMs;
            _lastMs = Math.Max(_lastMs, seenMs);
        }
    }

    /// <summary>Takes apart what is retained on the topic.</summary>
    /// <returns>Null for nothing, and for what is no STATE of version 3.</returns>
    public static (bool IsOnline, long TimestampMs)? Read(byte[]? payload)
    {
        if (payload is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("online", out var online) && online.ValueKind is JsonValueKind.True or JsonValueKind.False
                && root.TryGetProperty("timestamp", out var timestamp) && timestamp.TryGetInt64(out var at)
                ? (online.GetBoolean(), at)
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What stands for the will: offline with the timestamp of the session.</summary>
    public byte[] Will() => Payload(online: false, TimestampMs);

    /// <summary>Online, with the timestamp of the will. [tck-id-host-topic-phid-birth-payload-timestamp]</summary>
    public byte[] Birth()
    {
        IsOnline = true;
        return Payload(online: true, TimestampMs);
    }

    /// <summary>Another process of this host has said online, and this one stands for it too.</summary>
    public void Join() => IsOnline = true;

    /// <summary>Offline, planned: the time is now. [tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean]</summary>
    public byte[] Death(long nowMs)
    {
        IsOnline = false;
        _lastMs = Math.Max(nowMs, _lastMs);
        return Payload(online: false, _lastMs);
    }

    /// <summary>
    /// Someone else published our STATE: while online the birth is to be said once more, its timestamp unchanged
    /// [tck-id-message-flow-hid-sparkplug-state-message-delivered]; at most once in a second, because two hosts of one id would go on for ever.
    /// </summary>
    /// <returns>How long to wait before saying it; null: it is about to be said anyway, or we are offline.</returns>
    public TimeSpan? Foreign(long nowMs)
    {
        if (!IsOnline || _answeredMs > nowMs)
        {
            return null;
        }

        var at = Math.Max(nowMs, _answeredMs + ForeignPauseMs);
        _answeredMs = at;
        return TimeSpan.FromMilliseconds(at - nowMs);
    }

    private static byte[] Payload(bool online, long timestampMs) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $$"""{"online":{{(online ? "true" : "false")}},"timestamp":{{timestampMs}}}"""));
}
