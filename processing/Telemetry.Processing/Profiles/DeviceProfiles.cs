using Telemetry.Processing.Detectors;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Profiles;

/// <summary>The profiles of a device's sensors that are in force, in the order of the names. Changed by records of the log only.</summary>
internal sealed class DeviceProfiles
{
    private readonly List<(byte[] Sensor, SensorProfile Profile)> _all = [];

    public int Count => _all.Count;

    /// <summary>The names.</summary>
    public IEnumerable<byte[]> Sensors => _all.Select(static one => one.Sensor);

    /// <summary>Null: nothing is known of it.</summary>
    public SensorProfile? Find(ReadOnlySpan<byte> sensor) => IndexOf(sensor) is var at and >= 0 ? _all[at].Profile : null;

    /// <summary>Puts a profile in force; null takes it away.</summary>
    public void Set(ReadOnlySpan<byte> sensor, SensorProfile? profile)
    {
        var at = IndexOf(sensor);
        if (profile is null)
        {
            if (at >= 0)
            {
                _all.RemoveAt(at);
            }
        }
        else if (at >= 0)
        {
            _all[at] = (_all[at].Sensor, profile);
        }
        else
        {
            _all.Insert(~at, (sensor.ToArray(), profile));
        }
    }

    public void Write(StateWriter writer)
    {
        writer.Varint((ulong)_all.Count);
        foreach (var (sensor, profile) in _all)
        {
            writer.Bytes(sensor);
            ProfileCodec.Write(profile, writer);
        }
    }

    /// <exception cref="FormatException">Not such a state.</exception>
    public static DeviceProfiles Read(ref StateReader reader)
    {
        var profiles = new DeviceProfiles();
        for (var left = reader.Count(ProfileCodec.BytesMin + 1); left > 0; left--)
        {
            var sensor = reader.Bytes();
            profiles.Set(sensor, ProfileCodec.Read(ref reader));
        }

        return profiles;
    }

    /// <summary>Its place, or the complement of the place where it would be.</summary>
    private int IndexOf(ReadOnlySpan<byte> sensor)
    {
        var (low, high) = (0, _all.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = sensor.SequenceCompareTo(_all[middle].Sensor);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order > 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }
}
