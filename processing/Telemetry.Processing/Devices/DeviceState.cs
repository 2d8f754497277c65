using Telemetry.Processing.Incidents;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Series;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Pauses;

namespace Telemetry.Processing.Devices;

/// <summary>All that processing remembers of one device.</summary>
internal sealed class DeviceState(DeviceSequences sequences, SeriesSet series)
{
    public DeviceSequences Sequences { get; } = sequences;

    public SeriesSet Series { get; } = series;

    public ClockEstimate Clock;

    public SequenceGap Gap;

    /// <summary>How often its records come.</summary>
    public Pace Pace;

    /// <summary>How often it measures, from the times within its batches.</summary>
    public Pace Measuring;

    /// <summary>Its open incidents; null before the first.</summary>
    public DeviceIncidents? Incidents { get; set; }

    /// <summary>Readings that wait to be judged in their order; null when none do.</summary>
    public LateReadings? Late { get; set; }

    /// <summary>What is known of its sensors beforehand; null: nothing of any.</summary>
    public DeviceProfiles? Profiles { get; set; }

    /// <summary>Version of the catalogue and number of series when its profiles were looked at last; not part of the state.</summary>
    public (long Version, int Series) ProfilesSeen { get; set; } = (long.MinValue, 0);

    /// <summary>Readings that were stored and not judged.</summary>
    public long Unjudged { get; set; }

    /// <summary>Partition time of the last record in milliseconds; 0 before the first.</summary>
    public long LastSeenMs { get; set; }

    /// <summary>True after it was reported silent.</summary>
    public bool IsSilent { get; set; }

    /// <summary>While it is silent: when its next record was due, microseconds of the partition's time.</summary>
    public long SilentSinceUs { get; set; }

    /// <summary>While it is silent with open incidents: when these end, milliseconds; else 0.</summary>
    public long AbandonAtMs { get; set; }

    /// <summary>The entry of the timer queue that counts; not part of the state, it follows from the rest.</summary>
    public Due? Queued { get; set; }
}

/// <summary>When something of a device falls due. Two devices are never due alike: their last records differ.</summary>
/// <param name="TimeMs">Partition time in milliseconds.</param>
/// <param name="LastOffset">Offset of the device's last record.</param>
internal readonly record struct Due(long TimeMs, long LastOffset) : IComparable<Due>
{
    public int CompareTo(Due other) =>
        TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs) : LastOffset.CompareTo(other.LastOffset);
}
