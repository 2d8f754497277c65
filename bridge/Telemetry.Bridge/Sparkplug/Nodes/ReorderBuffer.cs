namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>A message that waits for its turn.</summary>
/// <param name="Seq">Its sequence number.</param>
/// <param name="Raw">Its value on the log.</param>
/// <param name="TimestampMs">When it was accepted.</param>
internal readonly record struct WaitingMessage(byte Seq, byte[] Raw, long TimestampMs);

/// <summary>Messages of one node that came before their turn, bounded in bytes; by their number (at most 127) by the arithmetic of seq.</summary>
internal sealed class ReorderBuffer
{
    private readonly List<WaitingMessage> _messages = [];

    public int Count => _messages.Count;

    public int Bytes { get; private set; }

    public IReadOnlyList<WaitingMessage> Messages => _messages;

    /// <summary>False: a message of this number waits already, so this is a copy.</summary>
    public bool TryAdd(in WaitingMessage message)
    {
        var seq = message.Seq;
        if (_messages.Exists(other => other.Seq == seq))
        {
            return false;
        }

        _messages.Add(message);
        Bytes += message.Raw.Length;
        return true;
    }

    public bool TryTake(byte seq, out WaitingMessage message)
    {
        var index = _messages.FindIndex(other => other.Seq == seq);
        message = index < 0 ? default : _messages[index];
        if (index >= 0)
        {
            _messages.RemoveAt(index);
            Bytes -= message.Raw.Length;
        }

        return index >= 0;
    }

    /// <summary>Takes all, in the order of their turns as seen from <paramref name="expected"/>.</summary>
    public List<WaitingMessage> TakeAll(byte expected)
    {
        var all = _messages.OrderBy(message => (byte)(message.Seq - expected)).ToList();
        _messages.Clear();
        Bytes = 0;
        return all;
    }
}
