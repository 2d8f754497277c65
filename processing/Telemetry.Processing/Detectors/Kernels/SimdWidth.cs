using System.Runtime.Intrinsics;

namespace Telemetry.Processing.Detectors.Kernels;

/// <summary>How many f64 values one operation of the machine takes. Changes the speed, never a bit of a result.</summary>
internal enum SimdWidth
{
    One = 1,
    Four = 4,
    Eight = 8,
}

internal static class SimdWidths
{
    /// <summary>The widest this machine does well.</summary>
    public static readonly SimdWidth Best =
        Vector512.IsHardwareAccelerated ? SimdWidth.Eight
        : Vector256.IsHardwareAccelerated ? SimdWidth.Four
        : SimdWidth.One;
}
