namespace Telemetry.Processing.Pipeline;

/// <summary>The reading in hand: what an incident remembers of the one that opened it.</summary>
internal readonly ref struct Sight(ReadOnlySpan<byte> sensor, long eventUs, double value, ulong boot, ulong sequence, bool isLate)
{
    /// <summary>Sensor.</summary>
    public ReadOnlySpan<byte> Sensor { get; } = sensor;

    /// <summary>Event time, microseconds since 1970.</summary>
    public long EventUs { get; } = eventUs;

    /// <summary>Value.</summary>
    public double Value { get; } = value;

    /// <summary>Boot of its event id.</summary>
    public ulong Boot { get; } = boot;

    /// <summary>Sequence of its event id.</summary>
    public ulong Sequence { get; } = sequence;

    /// <summary>It came behind the watermark, or had to wait.</summary>
    public bool IsLate { get; } = isLate;
}
