using Telemetry.Processing.Detectors;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Profiles;

/// <summary>
/// What the catalogue says of some sensors of a device, from this record of the readings on: a record without a value, so that only processing sees
/// it, in a header. What is judged by is so a function of the log, and a replay judges alike.
/// </summary>
/// <param name="Device">The device.</param>
/// <param name="Changes">Its sensors with what is known of them now; null: nothing any more.</param>
internal sealed record ProfileRecord(byte[] Device, IReadOnlyList<(byte[] Sensor, SensorProfile? Profile)> Changes)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "telemetry-profiles";

    /// <summary>Sensors in one record.</summary>
    public const int SensorsMax = 500;

    private const byte Version = 1;

    public RecordHeaders ToHeaders()
    {
        var writer = new StateWriter();
        writer.Byte(Version);
        writer.Bytes(Device);
        writer.Varint((ulong)Changes.Count);
        foreach (var (sensor, profile) in Changes)
        {
            writer.Bytes(sensor);
            ProfileCodec.Write(profile, writer);
        }

        return new RecordHeaders([KeyValuePair.Create(Header, (ReadOnlyMemory<byte>)writer.WrittenSpan.ToArray())]);
    }

    /// <exception cref="FormatException">Not such a header.</exception>
    public static ProfileRecord Read(ReadOnlySpan<byte> header)
    {
        var reader = new StateReader(header);
        if (reader.Byte() is var version && version != Version)
        {
            throw new FormatException($"Profiles of sensors are in version {version}; this program reads version {Version}.");
        }

        var device = reader.Bytes().ToArray();
        var changes = new (byte[], SensorProfile?)[reader.Count(ProfileCodec.BytesMin + 1)];
        for (var i = 0; i < changes.Length; i++)
        {
            var sensor = reader.Bytes().ToArray();
            changes[i] = (sensor, ProfileCodec.Read(ref reader));
        }

        return new ProfileRecord(device, changes);
    }
}
