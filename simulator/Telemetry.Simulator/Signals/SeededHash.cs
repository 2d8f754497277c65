namespace Telemetry.Simulator.Signals;

/// <summary>
/// Randomness by position instead of by order: the same seed and coordinates give the same number whoever asks first, so a
/// fleet replays whatever the threads do. Mixing function: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
/// Number Generators, OOPSLA 2014).
/// </summary>
internal static class SeededHash
{
    public static ulong Bits(ulong seed, ulong a, ulong b = 0, ulong c = 0) =>
        Mix(Mix(Mix(Mix(seed) ^ a) + b) ^ (c * 0x9E3779B97F4A7C15));

    /// <summary>Uniform in [0, 1).</summary>
    public static double Unit(ulong seed, ulong a, ulong b = 0, ulong c = 0) => (Bits(seed, a, b, c) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public static double Between(double low, double high, ulong seed, ulong a, ulong b = 0, ulong c = 0) =>
        low + ((high - low) * Unit(seed, a, b, c));

    /// <summary>Standard normal, by Box and Muller from the two halves of one hash.</summary>
    public static double Normal(ulong seed, ulong a, ulong b = 0, ulong c = 0)
    {
        var bits = Bits(seed, a, b, c);
        var u = ((bits >> 32) + 0.5) / 4294967296.0;
        var v = (uint)bits / 4294967296.0;
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
