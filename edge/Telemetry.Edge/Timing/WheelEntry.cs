namespace Telemetry.Edge.Timing;

/// <summary>Something with one deadline at a time on a <see cref="TimerWheel"/>, which owns the links.</summary>
internal abstract class WheelEntry
{
    internal WheelEntry? Next { get; set; }

    internal WheelEntry? Previous { get; set; }

    internal int Slot { get; set; } = -1;

    internal long DueAt { get; set; }

    /// <summary>The deadline has passed. Runs on the timer's thread: quick, and must not throw.</summary>
    public abstract void Due(long now);
}
