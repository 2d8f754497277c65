using Telemetry.Contracts.Readings;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Bridge.Json;

/// <summary>
/// Event ids for JSON devices that send none: a boot id for each device and a counter from 1. Such a device is
/// at-least-once: a copy that it sends again gets a new id and is a second reading.
/// A device that is forgotten for want of room gets a new boot id, so ids are never used twice.
/// </summary>
internal sealed class AssignedIds(int devicesMax)
{
    private readonly DeviceMap<AssignedId> _devices = new(devicesMax, () => new AssignedId(AssignedBootId.Create()));

    /// <summary>Devices remembered.</summary>
    public int Count => _devices.Count;

    /// <summary>The counter of a device. Lock it while taking numbers.</summary>
    public AssignedId Of(ReadOnlySpan<byte> device) => _devices.Of(device);
}

/// <summary>Boot id and next sequence of one device.</summary>
internal sealed class AssignedId(ulong bootId)
{
    public ulong BootId { get; } = bootId;

    public ulong Next { get; set; } = 1;
}
