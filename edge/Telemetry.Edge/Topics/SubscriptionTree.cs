using System.Text;
namespace Telemetry.Edge.Topics;

/// <summary>
/// All subscriptions of the broker, by topic level. Publishing walks it without a lock; subscribing takes the one writers'
/// lock and swaps small immutable pieces in.
/// </summary>
internal sealed class SubscriptionTree
{
    private readonly Lock _writers = new();
    private readonly SubscriptionNode _root = new(null, []);
    private int _count;
    private int _version;

    /// <summary>Another number after every change: what was found before may have to be looked for again.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Subscriptions in the tree.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds or replaces. The filter must be valid.</summary>
    /// <returns>True when this session had a subscription with this filter.</returns>
    public bool Add(Subscription subscription)
    {
        var filter = ParsedFilter.Of(subscription.Filter);
        lock (_writers)
        {
            var node = FindOrCreate(filter.Levels);
            bool replaced;
            if (filter.IsShared)
            {
                replaced = AddShared(ref Groups(node, filter), filter.Share, subscription);
            }
            else
            {
                ref var set = ref Set(node, filter);
                Volatile.Write(ref set, set.With(subscription, out replaced));
            }

            _count += replaced ? 0 : 1;
            Volatile.Write(ref _version, _version + 1);
            return replaced;
        }
    }

    /// <summary>Removes this session's subscription with exactly this filter.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove(ReadOnlySpan<byte> rawFilter, ISubscriber subscriber)
    {
        var filter = ParsedFilter.Of(rawFilter);
        lock (_writers)
        {
            var node = Find(filter.Levels);
            if (node is null)
            {
                return false;
            }

            bool removed;
            if (filter.IsShared)
            {
                removed = RemoveShared(ref Groups(node, filter), filter.Share, subscriber);
            }
            else
            {
                ref var set = ref Set(node, filter);
                var smaller = set.Without(subscriber);
                removed = !ReferenceEquals(smaller, set);
                Volatile.Write(ref set, smaller);
            }

            Prune(node);
            _count -= removed ? 1 : 0;
            Volatile.Write(ref _version, _version + 1);
            return removed;
        }
    }

    /// <summary>Collects everything that matches the topic name. Wildcards on the first level pass over $-topics. [MQTT-4.7.2-1]</summary>
    public void Match(ReadOnlySpan<byte> topic, TopicMatches into)
    {
        var dollar = topic.Length > 0 && topic[0] == (byte)'$';
        if (!dollar)
        {
            into.Add(Volatile.Read(ref _root.Below), Volatile.Read(ref _root.SharedBelow));
        }

        into.Push(_root, 0);
        while (into.TryPop(out var node, out var offset))
        {
            var rest = topic[offset..];
            var slash = rest.IndexOf((byte)'/');
            var last = slash < 0;
            var level = last ? rest : rest[..slash];
            var next = offset + slash + 1;
            Step(node.Children?.Find(level), last, next, into);
            Step(dollar && offset == 0 ? null : node.Plus, last, next, into);
        }
    }

    private static void Step(SubscriptionNode? child, bool last, int next, TopicMatches into)
    {
        if (child is null)
        {
            return;
        }

        into.Add(Volatile.Read(ref child.Below), Volatile.Read(ref child.SharedBelow));
        if (last)
        {
            into.Add(Volatile.Read(ref child.Here), Volatile.Read(ref child.SharedHere));
        }
        else
        {
            into.Push(child, next);
        }
    }

    private static ref SubscriberSet Set(SubscriptionNode node, in ParsedFilter filter)
    {
        if (filter.Multi)
        {
            return ref node.Below;
        }

        return ref node.Here;
    }

    private static ref SharedGroup[] Groups(SubscriptionNode node, in ParsedFilter filter)
    {
        if (filter.Multi)
        {
            return ref node.SharedBelow;
        }

        return ref node.SharedHere;
    }

    private static bool AddShared(ref SharedGroup[] groups, ReadOnlySpan<byte> share, Subscription subscription)
    {
        var name = Encoding.UTF8.GetString(share);
        var group = Array.Find(groups, g => g.Name == name);
        var created = group is null;
        group ??= new SharedGroup(name);
        group.Members = group.Members.With(subscription, out var replaced);
        if (created)
        {
            Volatile.Write(ref groups, [.. groups, group]);
        }

        return replaced;
    }

    private static bool RemoveShared(ref SharedGroup[] groups, ReadOnlySpan<byte> share, ISubscriber subscriber)
    {
        var name = Encoding.UTF8.GetString(share);
        var group = Array.Find(groups, g => g.Name == name);
        if (group is null)
        {
            return false;
        }

        var smaller = group.Members.Without(subscriber);
        var removed = !ReferenceEquals(smaller, group.Members);
        group.Members = smaller;
        if (smaller.Count == 0)
        {
            Volatile.Write(ref groups, Array.FindAll(groups, g => !ReferenceEquals(g, group)));
        }

        return removed;
    }

    private static void Prune(SubscriptionNode node)
    {
        for (var at = node; at.Parent is { } parent && at.IsEmpty; at = parent)
        {
            if (ReferenceEquals(parent.Plus, at))
            {
                parent.Plus = null;
            }
            else
            {
                parent.Children!.Remove(at.Level);
            }
        }
    }

    private SubscriptionNode? Find(TopicLevels levels)
    {
        var node = _root;
        foreach (var level in levels)
        {
            var child = level is [(byte)'+'] ? node.Plus : node.Children?.Find(level);
            if (child is null)
            {
                return null;
            }

            node = child;
        }

        return node;
    }

    private SubscriptionNode FindOrCreate(TopicLevels levels)
    {
        var node = _root;
        foreach (var level in levels)
        {
            if (level is [(byte)'+'])
            {
                node = node.Plus ??= new SubscriptionNode(node, "+"u8.ToArray());
                continue;
            }

            var children = node.Children ??= new LevelTable<SubscriptionNode>();
            var child = children.Find(level);
            if (child is null)
            {
                child = new SubscriptionNode(node, level.ToArray());
                children.Add(child.Level, child);
            }

            node = child;
        }

        return node;
    }
}
