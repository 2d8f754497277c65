using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Topics;

/// <summary>One level of the tree of retained messages. Fields are written under locks of <see cref="RetainedMessages"/> and read without.</summary>
internal sealed class RetainedNode(RetainedNode? parent, byte[] level)
{
    private Message? _message;
    private LevelTable<RetainedNode>? _children;

    public RetainedNode? Parent { get; } = parent;

    public byte[] Level { get; } = level;

    /// <summary>Place among its siblings.</summary>
    public uint Order { get; } = LevelTable<RetainedNode>.OrderOf(level);

    /// <summary>Taken out of the tree: whoever found it before must look again.</summary>
    public bool Detached { get; set; }

    public Message? Message
    {
        get => Volatile.Read(ref _message);
        set => Volatile.Write(ref _message, value);
    }

    public LevelTable<RetainedNode>? Children
    {
        get => Volatile.Read(ref _children);
        set => Volatile.Write(ref _children, value);
    }
}
