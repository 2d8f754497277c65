namespace Telemetry.Storage.Rollups;

/// <summary>A reading as the first or last of a bucket: in the order of time, at one time of the device's own number, then of the value.</summary>
/// <param name="Time">Event time, microseconds since 1970-01-01T00:00:00Z.</param>
/// <param name="Sequence">The device's own number.</param>
/// <param name="Value">Finite.</param>
internal readonly record struct ReadingPoint(long Time, ulong Sequence, double Value)
{
    /// <summary>First of a bucket without finite readings: later than any (2299-12-31T00:00:00Z).</summary>
    public static readonly ReadingPoint NoFirst = new(10_413_705_600_000_000, 0, 0);

    /// <summary>Last of a bucket without finite readings: 1970-01-01T00:00:00Z.</summary>
    public static readonly ReadingPoint NoLast = new(0, 0, 0);

    public bool IsBefore(in ReadingPoint other) =>
        Time != other.Time ? Time < other.Time : Sequence != other.Sequence ? Sequence < other.Sequence : Value < other.Value;
}
