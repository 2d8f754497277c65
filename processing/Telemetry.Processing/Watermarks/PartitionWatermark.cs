using Telemetry.Streams.State;

namespace Telemetry.Processing.Watermarks;

/// <summary>
/// Progress of event time in one partition: the largest event time seen, less the allowed disorder. It never goes back.
/// Event times beyond their ingest time plus a tolerance do not count, so one device with a clock in the future cannot
/// make every other device late. Depends on the records alone, never on a device's state (condition 2 of keyed state).
/// </summary>
internal sealed class PartitionWatermark(TimeSpan allowedDisorder, TimeSpan futureTolerance)
{
    private readonly long _disorderUs = Micros.From(allowedDisorder);
    private readonly long _toleranceUs = Micros.From(futureTolerance);
    private long _newestUs = Micros.Never;

    /// <summary>Microseconds since 1970; <see cref="Micros.Never"/> before the first reading.</summary>
    public long Current => _newestUs == Micros.Never ? Micros.Never : _newestUs - _disorderUs;

    /// <summary>True when an event time is too far ahead of its ingest time to be believed.</summary>
    public bool IsFuture(long eventUs, long ingestUs) => eventUs > ingestUs + _toleranceUs;

    public void Observe(ReadOnlySpan<long> eventTimes, long ingestUs)
    {
        var limit = ingestUs + _toleranceUs;
        var newest = _newestUs;
        foreach (var time in eventTimes)
        {
            if (time > newest && time <= limit)
            {
                newest = time;
            }
        }

        _newestUs = newest;
    }

    public void Write(StateWriter writer) => writer.ZigZag(_newestUs);

    public void Read(ref StateReader reader) => _newestUs = reader.ZigZag();
}
