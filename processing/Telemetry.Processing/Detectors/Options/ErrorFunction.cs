namespace Telemetry.Processing.Detectors;

/// <summary>How an SSA detector turns a value x and its prediction y into a raw score.</summary>
public enum ErrorFunction
{
    /// <summary>x - y.</summary>
    SignedDifference,

    /// <summary>|x - y|.</summary>
    AbsoluteDifference,

    /// <summary>(x - y) / y, or 0 when y is 0.</summary>
    SignedProportion,

    /// <summary>|(x - y) / y|, or 0 when y is 0.</summary>
    AbsoluteProportion,

    /// <summary>(x - y)^2.</summary>
    SquaredDifference,
}
