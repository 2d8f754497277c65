using Telemetry.Processing.Series;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>A device's state as bytes: sequences, clock, gap, silence, then each series as its flat block.</summary>
internal sealed class DeviceStateCodec(SeriesPool pool, SettingsTimeline timeline, SensorNames names) : IKeyStateCodec<DeviceState>
{
    private const byte Version = 3;

    /// <summary>Up to it all series of a device had one layout. In version 1 sequences knew nothing of their readings.</summary>
    private const byte OneLayoutVersion = 2;

    public DeviceState Create(ReadOnlySpan<byte> key) => new(new DeviceSequences(), new SeriesSet(pool, timeline, names));

    public void Write(DeviceState state, StateWriter writer)
    {
        writer.Byte(Version);
        state.Sequences.Write(writer);
        state.Clock.Write(writer);
        state.Gap.Write(writer);
        writer.ZigZag(state.LastSeenMs);
        writer.Byte(state.IsSilent ? (byte)1 : (byte)0);
        state.Series.Write(writer);
    }

    public DeviceState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        var version = reader.Byte();
        if (version is 0 or > Version)
        {
            throw new FormatException($"A device's state has version {version}; this program reads versions 1 to {Version}.");
        }

        var sequences = DeviceSequences.Read(ref reader);
        var clock = ClockEstimate.Read(ref reader);
        var gap = SequenceGap.Read(ref reader);
        var lastSeenMs = reader.ZigZag();
        var silent = reader.Byte() != 0;
        var series = SeriesSet.Read(ref reader, pool, timeline, names, ofOneLayout: version <= OneLayoutVersion);
        return new DeviceState(sequences, series) { Clock = clock, Gap = gap, LastSeenMs = lastSeenMs, IsSilent = silent };
    }

    public void Release(DeviceState state) => state.Series.Release();
}
