using Telemetry.Processing.Incidents;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Series;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>
/// A device's state as bytes: sequences, clock, gap, silence, the names of its series, pace, incidents, readings that wait and profiles; then the
/// flat blocks of the series; both packed. Changes are the same, but of sequences and blocks only what is new.
/// State of the releases before is read: what it does not have begins afresh.
/// </summary>
internal sealed class DeviceStateCodec(SeriesPool pool, SettingsTimeline timeline, SensorNames names) : IKeyStateCodec<DeviceState>
{
    /// <summary>Up to version 5 the blocks of a device were packed one after the other, now in columns.</summary>
    private const byte Version = 6;

    /// <summary>Up to it nothing was packed, and each series' block followed its name.</summary>
    private const byte UnpackedVersion = 4;

    /// <summary>Up to it there were no pace, incidents and readings that wait.</summary>
    private const byte WithoutIncidentsVersion = 3;

    /// <summary>Up to it all series of a device had one layout. In version 1 sequences knew nothing of their readings.</summary>
    private const byte OneLayoutVersion = 2;

    private const byte ChangesVersion = 1;

    private readonly PackedState _packed = new();
    private readonly StateWriter _head = new();
    private readonly StateWriter _words = new();

    public DeviceState Create(ReadOnlySpan<byte> key) => new(new DeviceSequences(), new SeriesSet(pool, timeline, names));

    public void Write(DeviceState state, StateWriter writer)
    {
        Begin();
        state.Sequences.Write(_head);
        WriteTimes(state);
        state.Series.Write(_head, _words);
        WriteRest(state);
        writer.Byte(Version);
        _packed.Write(_head.WrittenSpan, _words.WrittenSpan, writer, state.Series.CommonBlockBytes / sizeof(ulong));
    }

    public bool TryWriteChanges(DeviceState state, StateWriter writer)
    {
        if (state.Series.HaveChangedMostly)
        {
            return false;
        }

        Begin();
        state.Sequences.WriteChanges(_head);
        WriteTimes(state);
        state.Series.WriteChanges(_head, _words);
        WriteRest(state);
        writer.Byte(ChangesVersion);
        _packed.Write(_head.WrittenSpan, _words.WrittenSpan, writer);
        return true;
    }

    public void Written(DeviceState state)
    {
        state.Sequences.Written();
        state.Series.Written();
    }

    public DeviceState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        var version = reader.Byte();
        if (version is 0 or > Version)
        {
            throw new FormatException(
                $"A device's state has version {version}; this program reads versions 1 to {Version}. Run the release that wrote it, or a newer one.");
        }

        if (version <= UnpackedVersion)
        {
            return Read(version, ref reader, ref reader);
        }

        _packed.Read(ref reader, out var head, out var words);
        return Read(version, ref head, ref words);
    }

    public void ReadChanges(DeviceState state, ref StateReader reader)
    {
        if (reader.Byte() is var version && version != ChangesVersion)
        {
            throw new FormatException($"Changes of a device's state have version {version}; this program reads version {ChangesVersion}.");
        }

        _packed.Read(ref reader, out var head, out var words);
        state.Sequences.ReadChanges(ref head);
        ReadTimes(state, ref head);
        state.Series.ReadChanges(ref head, ref words);
        ReadRest(state, ref head);
    }

    public void Release(DeviceState state)
    {
        state.Series.Release();
        state.Late?.Release();
    }

    private void Begin()
    {
        _head.Clear();
        _words.Clear();
    }

    private void WriteTimes(DeviceState state)
    {
        state.Clock.Write(_head);
        state.Gap.Write(_head);
        _head.ZigZag(state.LastSeenMs);
        _head.Byte(state.IsSilent ? (byte)1 : (byte)0);
    }

    private void WriteRest(DeviceState state)
    {
        state.Pace.Write(_head);
        _head.ZigZag(state.SilentSinceUs);
        _head.ZigZag(state.AbandonAtMs);
        _head.ZigZag(state.Unjudged);
        _head.Byte((byte)((state.Incidents is null ? 0 : 1) | (state.Late is null ? 0 : 2) | (state.Profiles is null ? 0 : 4) | (state.Measuring.IsEmpty ? 0 : 8)));
        if (state.Incidents is { } incidents)
        {
            IncidentCodec.Write(incidents, _head);
        }

        state.Late?.Write(_head);
        state.Profiles?.Write(_head);
        if (!state.Measuring.IsEmpty)
        {
            state.Measuring.Write(_head);
        }
    }

    private DeviceState Read(byte version, ref StateReader head, ref StateReader words)
    {
        var state = new DeviceState(DeviceSequences.Read(ref head), new SeriesSet(pool, timeline, names));
        ReadTimes(state, ref head);
        state.Series.Read(ref head, ref words, version <= OneLayoutVersion);
        if (version <= WithoutIncidentsVersion)
        {
            state.SilentSinceUs = state.IsSilent ? state.LastSeenMs * 1000 : 0;
            return state;
        }

        ReadRest(state, ref head);
        return state;
    }

    private static void ReadTimes(DeviceState state, ref StateReader head)
    {
        state.Clock = ClockEstimate.Read(ref head);
        state.Gap = SequenceGap.Read(ref head);
        state.LastSeenMs = head.ZigZag();
        state.IsSilent = head.Byte() != 0;
    }

    private void ReadRest(DeviceState state, ref StateReader head)
    {
        state.Pace = Pace.Read(ref head);
        state.SilentSinceUs = head.ZigZag();
        state.AbandonAtMs = head.ZigZag();
        state.Unjudged = head.ZigZag();
        var parts = head.Byte();
        state.Incidents = (parts & 1) != 0 ? IncidentCodec.Read(ref head) : null;
        if (state.Series.HasReset)
        {
            state.Incidents?.CloseFindings();
        }

        state.Late?.Release();
        state.Late = (parts & 2) != 0 ? LateReadings.Read(ref head, pool, names) : null;
        state.Profiles = (parts & 4) != 0 ? DeviceProfiles.Read(ref head) : null;
        state.Measuring = (parts & 8) != 0 ? Pace.Read(ref head) : default;
    }
}
