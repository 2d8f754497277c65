using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Json;

/// <summary>
/// Event ids for JSON devices that send none: a boot id for each device and a counter from 1. Such a device is
/// at-least-once: a copy that it sends again gets a new id and is a second reading.
/// Memory is bounded by two generations of a map: when the young one is full it becomes the old one, and what the old one
/// still held is forgotten. A forgotten device gets a new boot id, so ids are never used twice.
/// </summary>
internal sealed class AssignedIds(int devicesMax)
{
    private readonly Lock _gate = new();
    private Dictionary<string, AssignedId> _young = new(StringComparer.Ordinal);
    private Dictionary<string, AssignedId> _old = new(StringComparer.Ordinal);

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

    /// <summary>The counter of a device. Lock it while taking numbers.</summary>
    public AssignedId Of(ReadOnlySpan<byte> device)
    {
        Span<char> chars = stackalloc char[device.Length];
        System.Text.Encoding.ASCII.GetChars(device, chars);
        lock (_gate)
        {
            if (_young.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars, out var id))
            {
                return id;
            }

            var name = chars.ToString();
            if (!_old.Remove(name, out id))
            {
                id = new AssignedId(AssignedBootId.Create());
            }

            if (_young.Count >= Math.Max(1, devicesMax / 2))
            {
                _old = _young;
                _young = new(StringComparer.Ordinal);
            }

            _young.Add(name, id);
            return id;
        }
    }
}

/// <summary>Boot id and next sequence of one device.</summary>
internal sealed class AssignedId(ulong bootId)
{
    public ulong BootId { get; } = bootId;

    public ulong Next { get; set; } = 1;
}
