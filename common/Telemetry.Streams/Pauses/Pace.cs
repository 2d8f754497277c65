using Telemetry.Streams.State;

namespace Telemetry.Streams.Pauses;

/// <summary>
/// How often a sender (a device, or all of a partition) is heard, learned from the times between its records: their mean, and the longest usual one. From
/// both follows after how long it counts as silent: a regular one after five intervals, one that is heard irregularly after two and a half times its longest
/// usual pause. An outage is not learned in full: it counts as four intervals in the mean and doubles the longest pause at most.
/// </summary>
public struct Pace
{
    /// <summary>Pauses after which the pace is known.</summary>
    private const int KnownAfter = 8;

    private const double Intervals = 5;
    private const double Pauses = 2.5;
    private const double MeanShare = 0.02;

    /// <summary>The longest pause is forgotten by this share of what it is above the mean, each record.</summary>
    private const double Forget = 1.0 / 4096;

    private double _mean;
    private double _longest;
    private int _count;

    /// <summary>Mean time between records, milliseconds; 0 until it is known.</summary>
    public readonly double IntervalMs => _count >= KnownAfter ? _mean : 0;

    /// <summary>Nothing was taken yet.</summary>
    public readonly bool IsEmpty => _count == 0;

    /// <summary>Takes the time since the sender's record before; several in one millisecond are one.</summary>
    public void Take(long pauseMs)
    {
        if (pauseMs <= 0)
        {
            return;
        }

        var isKnown = _count >= KnownAfter;
        _count = Math.Min(_count + 1, KnownAfter * 1000);
        var share = Math.Max(MeanShare, 1.0 / _count);
        _mean += share * (Math.Min(pauseMs, isKnown ? 4 * _mean : double.MaxValue) - _mean);
        _longest = _mean + (Math.Max(0, _longest - _mean) * (1 - Forget));
        _longest = Math.Max(_longest, Math.Min(pauseMs, isKnown ? 2 * _longest : double.MaxValue));
    }

    /// <summary>After how long without a record the sender is silent, milliseconds.</summary>
    /// <param name="atLeastMs">At least so long.</param>
    /// <param name="unknownMs">While the pace is not known.</param>
    public readonly long SilentAfterMs(long atLeastMs, long unknownMs) => _count >= KnownAfter
        ? (long)Math.Min(long.MaxValue / 4, Math.Max(atLeastMs, Math.Max(Intervals * _mean, Pauses * _longest)))
        : (long)Math.Min(long.MaxValue / 4, Math.Max(unknownMs, 8 * _longest));

    public readonly void Write(StateWriter writer)
    {
        writer.Varint((ulong)_count);
        writer.Fixed64((ulong)BitConverter.DoubleToInt64Bits(_mean));
        writer.Fixed64((ulong)BitConverter.DoubleToInt64Bits(_longest));
    }

    public static Pace Read(ref StateReader reader) => new()
    {
        _count = (int)reader.Varint(),
        _mean = BitConverter.Int64BitsToDouble((long)reader.Fixed64()),
        _longest = BitConverter.Int64BitsToDouble((long)reader.Fixed64()),
    };
}
