namespace Telemetry.Simulator.Signals;

/// <summary>
/// Wear of a machine: grows over 4 to 9 weeks, slowly at first, and is gone after service. Two machines in five do not wear.
/// </summary>
internal sealed class Wear
{
    private const double DayUs = 86_400e6;

    private readonly double _most;
    private readonly double _periodUs;
    private readonly double _phase;

    public Wear(ulong seed, int device)
    {
        var number = (ulong)device;
        _most = SeededHash.Unit(seed, number, 50) < 0.4 ? 0 : SeededHash.Between(0.15, 0.6, seed, number, 51);
        _periodUs = SeededHash.Between(28, 63, seed, number, 52) * DayUs;
        _phase = SeededHash.Unit(seed, number, 53);
    }

    /// <summary>Share on top of the vibration of a serviced machine, 0 to 0.6.</summary>
    public double At(long timeUs)
    {
        var share = (timeUs / _periodUs) + _phase;
        share -= Math.Floor(share);
        return _most * share * share;
    }

    /// <summary>The service last done at a time, microseconds since 1970; null: it does not wear.</summary>
    public long? ServicedBefore(long timeUs) =>
        _most == 0 ? null : (long)((Math.Floor((timeUs / _periodUs) + _phase) - _phase) * _periodUs);
}
