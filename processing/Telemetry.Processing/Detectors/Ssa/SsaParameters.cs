namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>What makes the raw score of an SSA detector.</summary>
internal sealed record SsaParameters(int Window, int Training, ErrorFunction Error, SsaOrder Order);
