using System.Text;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Profiles;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Compares the profiles in force with what the catalogue says now, device by device as they send, and asks for a record where they differ. It changes
/// nothing itself: that does the record, wherever it is read.
/// </summary>
internal sealed class ProfileWatch(ISensorProfiles profiles)
{
    private const int WantedMax = 1000;

    private readonly List<ProfileRecord> _wanted = [];

    /// <summary>Records that are asked for; the caller takes them away.</summary>
    public List<ProfileRecord> Wanted => _wanted;

    public void Look(ReadOnlySpan<byte> device, DeviceState state)
    {
        var version = profiles.Version;
        var seen = (version, state.Series.Count);
        if (version < 0 || state.ProfilesSeen == seen || _wanted.Count >= WantedMax)
        {
            return;
        }

        state.ProfilesSeen = seen;
        var changes = Compare(Encoding.ASCII.GetString(device), state);
        foreach (var some in changes.Chunk(ProfileRecord.SensorsMax))
        {
            _wanted.Add(new ProfileRecord(device.ToArray(), some));
        }
    }

    private List<(byte[] Sensor, Detectors.SensorProfile? Profile)> Compare(string device, DeviceState state)
    {
        var changes = new List<(byte[], Detectors.SensorProfile?)>();
        for (var i = 0; i < state.Series.Count; i++)
        {
            var sensor = state.Series.NameAt(i);
            var known = profiles.Of(device, Encoding.ASCII.GetString(sensor));
            if (known != state.Profiles?.Find(sensor) && known?.Validate() is null or [])
            {
                changes.Add((sensor, known));
            }
        }

        // Of sensors that have made room nothing need be kept.
        changes.AddRange((state.Profiles?.Sensors ?? []).Where(sensor => state.Series.FindBlock(sensor) < 0)
            .Select(static sensor => (sensor, (Detectors.SensorProfile?)null)));
        return changes;
    }
}
