namespace Telemetry.Simulator.Signals;

/// <summary>
/// In which order a device reads its sensors. As on real machines one channel is fast: every second reading is the
/// vibration, the other eight sensors share the rest in turn. Devices begin anywhere in the round.
/// </summary>
internal readonly struct SensorRound(ulong seed, int device)
{
    /// <summary>Readings of a round.</summary>
    public const int Length = 2 * (SensorKinds.Count - 1);

    private static readonly SensorKind[] Slow =
        [.. Enum.GetValues<SensorKind>().Where(kind => kind != SensorKind.Vibration)];

    private readonly ulong _offset = SeededHash.Bits(seed, (ulong)device, 6) % Length;

    /// <summary>The sensor of a device's reading n, from 0.</summary>
    public SensorKind At(ulong n) => InRound((int)((n + _offset) % Length));

    /// <summary>Readings of the device from one reading of a sensor to its next.</summary>
    public static int PlacesBetween(SensorKind kind) => kind == SensorKind.Vibration ? 2 : Length;

    /// <summary>The sensor in a place of the round, 0 to <see cref="Length"/> - 1.</summary>
    public static SensorKind InRound(int place) => place % 2 == 0 ? SensorKind.Vibration : Slow[place / 2];
}
