using System.Text;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// Something for each device, in bounded memory: two generations of a map. When the young one is full it becomes the old one, and
/// what the old one still held is forgotten. A device that is used stays. Safe for concurrent use.
/// </summary>
public sealed class DeviceMap<T>(int devicesMax, Func<T> create)
    where T : class
{
    private readonly Lock _gate = new();
    private Dictionary<string, T> _young = new(StringComparer.Ordinal);
    private Dictionary<string, T> _old = new(StringComparer.Ordinal);

    /// <summary>Devices remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _young.Count + _old.Count;
            }
        }
    }

    /// <summary>What there is for a device; made when it is new or forgotten.</summary>
    public T Of(ReadOnlySpan<byte> device)
    {
        Span<char> chars = stackalloc char[device.Length];
        Encoding.ASCII.GetChars(device, chars);
        lock (_gate)
        {
            if (_young.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars, out var item))
            {
                return item;
            }

            var name = chars.ToString();
            if (!_old.Remove(name, out item))
            {
                item = create();
            }

            if (_young.Count >= Math.Max(1, devicesMax / 2))
            {
                _old = _young;
                _young = new(StringComparer.Ordinal);
            }

            _young.Add(name, item);
            return item;
        }
    }

    /// <summary>Forgets a device.</summary>
    public void Remove(string device)
    {
        lock (_gate)
        {
            _young.Remove(device);
            _old.Remove(device);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _young.Clear();
            _old.Clear();
        }
    }
}
