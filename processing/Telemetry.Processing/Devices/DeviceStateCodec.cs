using Telemetry.Processing.Incidents;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Series;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>
/// A device's state as bytes: sequences, clock, gap, silence, then each series as its flat block, then pace, incidents, readings that wait and profiles.
/// State of the releases before is read: what it does not have begins afresh.
/// </summary>
internal sealed class DeviceStateCodec(SeriesPool pool, SettingsTimeline timeline, SensorNames names) : IKeyStateCodec<DeviceState>
{
    private const byte Version = 4;

    /// <summary>Up to it there were no pace, incidents and readings that wait.</summary>
    private const byte WithoutIncidentsVersion = 3;

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
        state.Pace.Write(writer);
        writer.ZigZag(state.SilentSinceUs);
        writer.ZigZag(state.AbandonAtMs);
        writer.ZigZag(state.Unjudged);
        writer.Byte((byte)((state.Incidents is null ? 0 : 1) | (state.Late is null ? 0 : 2) | (state.Profiles is null ? 0 : 4)));
        if (state.Incidents is { } incidents)
        {
            IncidentCodec.Write(incidents, writer);
        }

        state.Late?.Write(writer);
        state.Profiles?.Write(writer);
    }

    public DeviceState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        var version = reader.Byte();
        if (version is 0 or > Version)
        {
            throw new FormatException(
                $"A device's state has version {version}; this program reads versions 1 to {Version}. Run the release that wrote it, or a newer one.");
        }

        var sequences = DeviceSequences.Read(ref reader);
        var clock = ClockEstimate.Read(ref reader);
        var gap = SequenceGap.Read(ref reader);
        var lastSeenMs = reader.ZigZag();
        var silent = reader.Byte() != 0;
        var series = SeriesSet.Read(ref reader, pool, timeline, names, version <= OneLayoutVersion, out var isKnown);
        var state = new DeviceState(sequences, series) { Clock = clock, Gap = gap, LastSeenMs = lastSeenMs, IsSilent = silent };
        if (version <= WithoutIncidentsVersion)
        {
            state.SilentSinceUs = silent ? lastSeenMs * 1000 : 0;
            return state;
        }

        state.Pace = Pace.Read(ref reader);
        state.SilentSinceUs = reader.ZigZag();
        state.AbandonAtMs = reader.ZigZag();
        state.Unjudged = reader.ZigZag();
        var parts = reader.Byte();
        if ((parts & 1) != 0)
        {
            state.Incidents = IncidentCodec.Read(ref reader);
            if (!isKnown)
            {
                state.Incidents.CloseFindings();
            }
        }

        if ((parts & 2) != 0)
        {
            state.Late = LateReadings.Read(ref reader, pool, names);
        }

        if ((parts & 4) != 0)
        {
            state.Profiles = DeviceProfiles.Read(ref reader);
        }

        return state;
    }

    public void Release(DeviceState state)
    {
        state.Series.Release();
        state.Late?.Release();
    }
}
