using Telemetry.Streams.State;

namespace Telemetry.Streams.Pauses;

/// <summary>
/// Tells the time in which nobody could be heard from the time in which a device was quiet. When the edges or the whole platform stand still, a partition gets
/// no record at all: its own pace, learned from its records, says when that is unusual. The devices are not silent because of it: the waiting for
/// them begins anew when records come again, and lasts no less than the grace, so that all can connect. A pure function of the records: the same log
/// gives the same pauses in every replay.
/// </summary>
/// <remarks>
/// A partition is also quiet when all its devices are, which must be told. Records that say that time has passed (<see cref="PassingTime"/>) are the
/// difference: whoever writes one says since when it has been reading the partition, and what it has been watching is no pause.
/// </remarks>
/// <param name="grace">After a pause devices have this long to be heard again.</param>
public sealed class PartitionPauses(TimeSpan grace)
{
    /// <summary>No pause is shorter.</summary>
    private const long AtLeastMs = 2_000;

    /// <summary>While the partition's pace is not known.</summary>
    private const long UnknownMs = 60_000;

    private readonly long _graceMs = (long)grace.TotalMilliseconds;
    private Pace _pace;
    private long _heardMs;
    private long _newestMs;
    private long _resumedMs;

    /// <summary>Partition time of the last record with readings; 0 before the first.</summary>
    public long HeardMs => _heardMs;

    /// <summary>A record with readings.</summary>
    /// <param name="nowMs">Partition time with it, milliseconds since 1970; it never goes back.</param>
    public void Heard(long nowMs)
    {
        if (_newestMs > 0 && nowMs - _newestMs > _pace.SilentAfterMs(AtLeastMs, UnknownMs))
        {
            _resumedMs = nowMs;
        }

        if (_heardMs > 0)
        {
            _pace.Take(nowMs - _heardMs);
        }

        _heardMs = _newestMs = nowMs;
    }

    /// <summary>A record that says that time has passed.</summary>
    /// <param name="nowMs">Partition time with it, milliseconds since 1970; it never goes back.</param>
    /// <param name="watchedSinceMs">Since when its writer has been reading the partition, by the same clock.</param>
    public void Passed(long nowMs, long watchedSinceMs)
    {
        if (_newestMs > 0 && watchedSinceMs - _newestMs > _pace.SilentAfterMs(AtLeastMs, UnknownMs))
        {
            _resumedMs = nowMs;
        }

        _newestMs = Math.Max(_newestMs, nowMs);
    }

    /// <summary>Until when a device is waited for; later after each pause, never earlier.</summary>
    /// <param name="seenMs">Its last record.</param>
    /// <param name="waitMs">How long it is waited for after it.</param>
    public long Until(long seenMs, long waitMs) => Spans(seenMs) ? _resumedMs + Math.Max(waitMs, _graceMs) : seenMs + waitMs;

    /// <summary>True when the last pause came after this time: what has passed since is not the device's own doing.</summary>
    public bool Spans(long seenMs) => seenMs < _resumedMs;

    public void Write(StateWriter writer)
    {
        writer.Varint((ulong)_heardMs);
        writer.Varint((ulong)_newestMs);
        writer.Varint((ulong)_resumedMs);
        _pace.Write(writer);
    }

    /// <summary>What <see cref="Write"/> wrote; nothing when a program wrote the state that did not know pauses.</summary>
    public void Read(ref StateReader reader)
    {
        if (!reader.AtEnd)
        {
            (_heardMs, _newestMs, _resumedMs) = ((long)reader.Varint(), (long)reader.Varint(), (long)reader.Varint());
            _pace = Pace.Read(ref reader);
        }
    }
}
