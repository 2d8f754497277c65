using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Topics;

/// <summary>
/// The retained message of each topic, bounded in number and bytes; the tree they hang in is counted too. Replacing one locks
/// its node only; a new topic takes the lock of the tree. Reading takes none: see <see cref="RetainedCursor"/>.
/// </summary>
internal sealed class RetainedMessages(int maxMessages, long maxBytes)
{
    /// <summary>Bytes counted for a level of the tree beside its name: node, entry, table.</summary>
    private const int NodeOverhead = 200;

    private readonly Lock _structure = new();
    private int _count;
    private long _bytes;
    private long _sequence;
    private long _visits;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the messages and of the tree.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Number of the newest message set: see <see cref="Message.RetainedSequence"/>.</summary>
    public long Sequence => Volatile.Read(ref _sequence);

    /// <summary>Nodes of the tree visited for new subscriptions: what subscribing with wildcards costs.</summary>
    public long Visits => Volatile.Read(ref _visits);

    internal RetainedNode Root { get; } = new(null, []);

    /// <summary>Keeps the message as its topic's retained one, or removes that when the payload is empty. [MQTT-3.3.1-5, 3.3.1-6]</summary>
    /// <returns>False when it does not fit into the limits: nothing of it is kept, and what was retained before stays.</returns>
    public bool Set(Message message)
    {
        if (message.Content.Payload.IsEmpty)
        {
            Remove(message.Topic);
            return true;
        }

        var node = Find(message.Topic);
        if (node is not null && TryReplace(node, message, out var kept))
        {
            return kept;
        }

        lock (_structure)
        {
            // Asked before the tree grows: a publish that is refused leaves nothing behind.
            if (Count >= maxMessages || Bytes + message.Size + MissingBytes(message.Topic) > maxBytes)
            {
                return false;
            }

            node = FindOrCreate(message.Topic);
            if (!TryReplace(node, message, out kept) || !kept)
            {
                Prune(node);
            }

            return kept;
        }
    }

    /// <summary>Counts nodes that a new subscription's walk has visited.</summary>
    public void CountVisits(int nodes) => Interlocked.Add(ref _visits, nodes);

    /// <summary>The message retained for exactly this topic; null for none, or one that has expired.</summary>
    public Message? Get(ReadOnlySpan<byte> topic, long now) =>
        Find(topic)?.Message is { } message && !message.IsExpired(now) ? message : null;

    /// <summary>Forgets messages whose expiry has passed.</summary>
    /// <param name="now">Clock of the broker.</param>
    /// <param name="removed">Told the topic of each.</param>
    /// <returns>How many.</returns>
    public int RemoveExpired(long now, Action<byte[]>? removed = null)
    {
        var count = 0;
        var cursor = new RetainedCursor(this, "#"u8, withDollar: true);
        while (cursor.MoveNext())
        {
            if (cursor.Current is { } message && message.IsExpired(now))
            {
                var topic = message.Topic.ToArray();
                if (Remove(topic, now))
                {
                    count++;
                    removed?.Invoke(topic);
                }
            }
        }

        return count;
    }

    private bool TryReplace(RetainedNode node, Message message, out bool kept)
    {
        lock (node)
        {
            kept = false;
            if (node.Detached)
            {
                return false;
            }

            var old = node.Message;
            var bytes = Interlocked.Add(ref _bytes, message.Size - (old?.Size ?? 0));
            var count = old is null ? Interlocked.Increment(ref _count) : Count;
            if (bytes > maxBytes || count > maxMessages)
            {
                Interlocked.Add(ref _bytes, (old?.Size ?? 0) - message.Size);
                Interlocked.Add(ref _count, old is null ? -1 : 0);
                return true;
            }

            message.RetainedSequence = Interlocked.Increment(ref _sequence);
            node.Message = message;
            kept = true;
            return true;
        }
    }

    /// <summary>Forgets the message of a topic.</summary>
    /// <param name="topic">Topic name.</param>
    /// <param name="onlyExpiredAt">When given, the message goes only if it has expired by then.</param>
    /// <returns>False when there was none.</returns>
    public bool Remove(ReadOnlySpan<byte> topic, long? onlyExpiredAt = null)
    {
        lock (_structure)
        {
            var node = Find(topic);
            if (node is null)
            {
                return false;
            }

            lock (node)
            {
                if (node.Message is not { } old || (onlyExpiredAt is { } now && !old.IsExpired(now)))
                {
                    return false;
                }

                node.Message = null;
                Interlocked.Add(ref _bytes, -old.Size);
                Interlocked.Decrement(ref _count);
            }

            Prune(node);
            return true;
        }
    }

    private void Prune(RetainedNode node)
    {
        for (var at = node; at.Parent is { } parent; at = parent)
        {
            lock (at)
            {
                if (at.Message is not null || at.Children is { Count: > 0 })
                {
                    return;
                }

                at.Detached = true;
            }

            parent.Children!.Remove(at.Level);
            Interlocked.Add(ref _bytes, -SizeOf(at.Level));
        }
    }

    private RetainedNode? Find(ReadOnlySpan<byte> topic)
    {
        var node = Root;
        foreach (var level in new TopicLevels(topic))
        {
            node = node.Children?.Find(level);
            if (node is null)
            {
                return null;
            }
        }

        return node;
    }

    private long MissingBytes(ReadOnlySpan<byte> topic)
    {
        RetainedNode? node = Root;
        var missing = 0L;
        foreach (var level in new TopicLevels(topic))
        {
            node = node?.Children?.Find(level);
            missing += node is null ? SizeOf(level) : 0;
        }

        return missing;
    }

    private RetainedNode FindOrCreate(ReadOnlySpan<byte> topic)
    {
        var node = Root;
        foreach (var level in new TopicLevels(topic))
        {
            var children = node.Children ??= new LevelTable<RetainedNode>();
            var child = children.Find(level);
            if (child is null)
            {
                child = new RetainedNode(node, level.ToArray());
                children.Add(child.Level, child);
                Interlocked.Add(ref _bytes, SizeOf(level));
            }

            node = child;
        }

        return node;
    }

    private static long SizeOf(ReadOnlySpan<byte> level) => NodeOverhead + level.Length;
}
