using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>What the doors of several processes share by the log: sessions, the keys of their cookies, and the audit log.</summary>
internal sealed class DoorOnLog : IAsyncDisposable
{
    private readonly KeyedTopic _topic;

    /// <param name="log">The log.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told when the log fails.</param>
    public DoorOnLog(IRecordLog log, TimeProvider time, ILogger logger)
    {
        _topic = new KeyedTopic(log, LogTopics.HttpSessions, time, logger);
        Keys = new KeysOnLog(_topic);
        Sessions = new SessionsOnLog(_topic);
        Audit = new AuditOnLog(log, time);
        _topic.Changed = Take;
    }

    /// <summary>Keys of cookies and antiforgery tokens.</summary>
    public KeysOnLog Keys { get; }

    /// <summary>Sessions.</summary>
    public SessionsOnLog Sessions { get; }

    /// <summary>The audit log of all processes.</summary>
    public AuditOnLog Audit { get; }

    /// <summary>Begins to follow the log, which may be away still.</summary>
    public void Start() => _topic.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _topic.DisposeAsync();

    private void Take(string key, ReadOnlyMemory<byte>? value)
    {
        if (key.StartsWith(KeysOnLog.Prefix, StringComparison.Ordinal))
        {
            Keys.Take(key, value);
        }
        else if (key.StartsWith(SessionsOnLog.Prefix, StringComparison.Ordinal))
        {
            Sessions.Take(key[SessionsOnLog.Prefix.Length..], value);
        }
    }
}
