using Telemetry.Processing.Watermarks;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>What a sample did to the verdict on a clock.</summary>
internal enum ClockChange
{
    None,
    Skewed,
    Well,
}

/// <summary>
/// How far a device's clock is off, from event time less ingest time. Transport only makes that smaller, so the best
/// guess of a window is its largest; a window must last, so that a backlog sent after an outage ends with live readings in the
/// same window. The estimate is the median of the last three windows, so one late window changes nothing. Raised and
/// cleared at different offsets.
/// A reading from the future needs no window: transport cannot make one, so the first that lies further ahead than the
/// tolerance (<see cref="ProcessingOptions.FutureTolerance"/>) proves the clock wrong.
/// Source: the minimum-delay filter of NTP's clock filter (RFC 5905, section 10), with a median over it.
/// </summary>
internal struct ClockEstimate
{
    private const int SamplesMin = 4;

    private long _windowStartMs;
    private int _samples;
    private long _best;
    private int _windows;
    private long _first;
    private long _second;
    private long _third;

    /// <summary>True after it was reported as skewed.</summary>
    public bool IsSkewed { get; private set; }

    private readonly long MedianUs =>
        Math.Max(Math.Min(_first, _second), Math.Min(Math.Max(_first, _second), _third));

    /// <param name="offsetUs">Event time of the newest reading less its ingest time.</param>
    /// <param name="nowMs">Partition time.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="estimateUs">With a change: how far the clock is off, in microseconds, positive when it is ahead.</param>
    public ClockChange Add(long offsetUs, long nowMs, ProcessingOptions options, out long estimateUs)
    {
        var change = AddToWindow(offsetUs, nowMs, options);
        estimateUs = MedianUs;
        if (change == ClockChange.None && !IsSkewed && offsetUs > Micros.From(options.FutureTolerance))
        {
            IsSkewed = true;
            estimateUs = offsetUs;
            return ClockChange.Skewed;
        }

        return change;
    }

    private ClockChange AddToWindow(long offsetUs, long nowMs, ProcessingOptions options)
    {
        if (_samples == 0)
        {
            _windowStartMs = nowMs;
            _best = offsetUs;
        }

        _samples++;
        _best = Math.Max(_best, offsetUs);
        if (_samples < SamplesMin || nowMs - _windowStartMs < (long)options.ClockWindow.TotalMilliseconds)
        {
            return ClockChange.None;
        }

        (_first, _second, _third) = (_second, _third, _best);
        _samples = 0;
        _windows = Math.Min(_windows + 1, 3);
        return _windows == 3 ? Judge(options) : ClockChange.None;
    }

    public readonly void Write(StateWriter writer)
    {
        writer.Byte((byte)((_windows << 1) | (IsSkewed ? 1 : 0)));
        writer.Varint((ulong)_samples);
        if (_samples > 0)
        {
            writer.ZigZag(_windowStartMs);
            writer.ZigZag(_best);
        }

        if (_windows > 0)
        {
            writer.ZigZag(_first);
            writer.ZigZag(_second);
            writer.ZigZag(_third);
        }
    }

    public static ClockEstimate Read(ref StateReader reader)
    {
        var flags = reader.Byte();
        var estimate = new ClockEstimate
        {
            _windows = flags >> 1,
            IsSkewed = (flags & 1) != 0,
            _samples = (int)reader.Varint(),
        };
        if (estimate._samples > 0)
        {
            estimate._windowStartMs = reader.ZigZag();
            estimate._best = reader.ZigZag();
        }

        if (estimate._windows > 0)
        {
            estimate._first = reader.ZigZag();
            estimate._second = reader.ZigZag();
            estimate._third = reader.ZigZag();
        }

        return estimate;
    }

    private ClockChange Judge(ProcessingOptions options)
    {
        var offset = Math.Abs(MedianUs);
        if (!IsSkewed && offset > Micros.From(options.ClockSkewRaise))
        {
            IsSkewed = true;
            return ClockChange.Skewed;
        }

        // The last window too: a clock that has just jumped is not right because it was right before.
        if (IsSkewed && Math.Max(offset, Math.Abs(_third)) < Micros.From(options.ClockSkewClear))
        {
            IsSkewed = false;
            return ClockChange.Well;
        }

        return ClockChange.None;
    }
}
