using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Topics;

/// <summary>
/// The retained message of each topic, bounded in number and bytes. Replacing one locks its node only; a new topic takes the
/// lock of the tree. Reading takes none.
/// </summary>
internal sealed class RetainedMessages(int maxMessages, long maxBytes)
{
    private readonly Lock _structure = new();
    private readonly Node _root = new(null, []);
    private int _count;
    private long _bytes;

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Keeps the message as its topic's retained one, or removes that when the payload is empty. [MQTT-3.3.1-5, 3.3.1-6]</summary>
    /// <returns>False when it does not fit into the limits; what was retained before stays.</returns>
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
            return TryReplace(FindOrCreate(message.Topic), message, out kept) && kept;
        }
    }

    /// <summary>Appends what matches the filter (without a share) and has not expired.</summary>
    public void Match(ReadOnlySpan<byte> filter, long now, List<Message> into)
    {
        var parsed = ParsedFilter.Of(filter);
        List<Node> level = [_root];
        List<Node> next = [];
        var first = true;
        foreach (var name in parsed.Levels)
        {
            foreach (var node in level)
            {
                if (name is [(byte)'+'])
                {
                    node.Children?.CopyTo(next, first ? IsOrdinary : null);
                }
                else if (node.Children?.Find(name) is { } child)
                {
                    next.Add(child);
                }
            }

            (level, next) = (next, level);
            next.Clear();
            first = false;
        }

        if (parsed.Multi)
        {
            CollectBelow(level, next, first, now, into);
            return;
        }

        foreach (var node in level)
        {
            Collect(node, now, into);
        }
    }

    /// <summary>Forgets messages whose expiry has passed.</summary>
    /// <returns>How many.</returns>
    public int RemoveExpired(long now)
    {
        var removed = 0;
        List<Node> level = [_root];
        List<Node> next = [];
        List<byte[]> expired = [];
        while (level.Count > 0)
        {
            foreach (var node in level)
            {
                if (node.Message is { } message && message.IsExpired(now))
                {
                    expired.Add(message.Topic.ToArray());
                }

                node.Children?.CopyTo(next);
            }

            (level, next) = (next, level);
            next.Clear();
        }

        foreach (var topic in expired)
        {
            removed += Remove(topic, now) ? 1 : 0;
        }

        return removed;
    }

    private static bool IsOrdinary(byte[] level) => level.Length == 0 || level[0] != (byte)'$';

    private static void CollectBelow(List<Node> level, List<Node> next, bool atRoot, long now, List<Message> into)
    {
        while (level.Count > 0)
        {
            foreach (var node in level)
            {
                Collect(node, now, into);
                node.Children?.CopyTo(next, atRoot ? IsOrdinary : null);
            }

            atRoot = false;
            (level, next) = (next, level);
            next.Clear();
        }
    }

    private static void Collect(Node node, long now, List<Message> into)
    {
        if (node.Message is { } message && !message.IsExpired(now))
        {
            into.Add(message);
        }
    }

    private bool TryReplace(Node node, Message message, out bool kept)
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

            node.Message = message;
            kept = true;
            return true;
        }
    }

    /// <param name="onlyExpiredAt">When given, the message goes only if it has expired by then.</param>
    private bool Remove(ReadOnlySpan<byte> topic, long? onlyExpiredAt = null)
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

    private static void Prune(Node node)
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
        }
    }

    private Node? Find(ReadOnlySpan<byte> topic)
    {
        var node = _root;
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

    private Node FindOrCreate(ReadOnlySpan<byte> topic)
    {
        var node = _root;
        foreach (var level in new TopicLevels(topic))
        {
            var children = node.Children ??= new LevelTable<Node>();
            var child = children.Find(level);
            if (child is null)
            {
                child = new Node(node, level.ToArray());
                children.Add(child.Level, child);
            }

            node = child;
        }

        return node;
    }

    private sealed class Node(Node? parent, byte[] level)
    {
        private Message? _message;
        private LevelTable<Node>? _children;

        public Node? Parent { get; } = parent;

        public byte[] Level { get; } = level;

        /// <summary>Taken out of the tree: whoever found it before must look again.</summary>
        public bool Detached { get; set; }

        public Message? Message
        {
            get => Volatile.Read(ref _message);
            set => Volatile.Write(ref _message, value);
        }

        public LevelTable<Node>? Children
        {
            get => Volatile.Read(ref _children);
            set => Volatile.Write(ref _children, value);
        }
    }
}
