using Telemetry.Streams.State;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>What is known of one device: whether records of it wait in the backlog.</summary>
internal sealed class ForwardKey
{
    /// <summary>Offset of its last record left to the backlog; -1: none.</summary>
    public long LastBacklog { get; set; } = -1;

    /// <summary>Records of it sent live and not yet acknowledged.</summary>
    public int InFlight { get; set; }
}

/// <summary>
/// Devices of one lane. Bounded: those beyond share one entry, so that they wait for each other's backlog; order holds, only their live data
/// is later.
/// </summary>
internal sealed class ForwardKeys(int keysMax)
{
    private readonly Dictionary<byte[], ForwardKey> _keys = new(ByteKeyComparer.Instance);
    private readonly ForwardKey _others = new();
    private int _sinceSweep;

    public int Count => _keys.Count;

    /// <param name="key">Device.</param>
    /// <param name="drained">Offsets below are sent: entries that only tell of such can go.</param>
    public ForwardKey Of(ReadOnlySpan<byte> key, long drained)
    {
        var lookup = _keys.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_keys.Count >= keysMax)
        {
            if (++_sinceSweep < keysMax / 8)
            {
                return _others;
            }

            _sinceSweep = 0;
            foreach (var (old, entry) in _keys)
            {
                if (entry.LastBacklog < drained && entry.InFlight == 0)
                {
                    _keys.Remove(old);
                }
            }

            // The shared entry speaks for devices that may get one of their own now: not before its own backlog is done.
            if (_keys.Count >= keysMax || _others.LastBacklog >= drained || _others.InFlight > 0)
            {
                return _others;
            }
        }
        else if (_others.LastBacklog >= drained || _others.InFlight > 0)
        {
            return _others;
        }

        return lookup[key] = new ForwardKey();
    }
}
