namespace Telemetry.Edge.Topics;

/// <summary>One level of the subscription tree. Fields are written under the tree's lock and read without.</summary>
internal sealed class SubscriptionNode(SubscriptionNode? parent, byte[] level)
{
    private LevelTable<SubscriptionNode>? _children;
    private SubscriptionNode? _plus;
    private SubscriberSet _here = SubscriberSet.Empty;
    private SubscriberSet _below = SubscriberSet.Empty;
    private SharedGroup[] _sharedHere = [];
    private SharedGroup[] _sharedBelow = [];

    public SubscriptionNode? Parent { get; } = parent;

    public byte[] Level { get; } = level;

    /// <summary>Children by name; <see cref="Plus"/> apart from them.</summary>
    public LevelTable<SubscriptionNode>? Children
    {
        get => Volatile.Read(ref _children);
        set => Volatile.Write(ref _children, value);
    }

    public SubscriptionNode? Plus
    {
        get => Volatile.Read(ref _plus);
        set => Volatile.Write(ref _plus, value);
    }

    /// <summary>Filters that end here.</summary>
    public ref SubscriberSet Here => ref _here;

    /// <summary>Filters that end with <c>#</c> below here; they match this level too.</summary>
    public ref SubscriberSet Below => ref _below;

    public ref SharedGroup[] SharedHere => ref _sharedHere;

    public ref SharedGroup[] SharedBelow => ref _sharedBelow;

    public bool IsEmpty => _here.Count == 0 && _below.Count == 0 && _sharedHere.Length == 0 && _sharedBelow.Length == 0
        && _plus is null && (_children is null || _children.Count == 0);
}
