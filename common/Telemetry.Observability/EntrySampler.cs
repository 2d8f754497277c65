using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Telemetry.Observability;

/// <summary>
/// Decides by chance where something enters the platform, a publish or an HTTP request: whoever sends it does not decide, whatever
/// context it brings along. Behind the entry everything does as its trace, or one of those it links to, does.
/// </summary>
/// <param name="ratio">Share of what enters that is traced, 0 to 1.</param>
internal sealed class EntrySampler(double ratio) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var sampled = samplingParameters.Kind == ActivityKind.Server
            ? Random.Shared.NextDouble() < ratio
            : parent.TraceId != default
                ? (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0
                : samplingParameters.Links?.Any(l => (l.Context.TraceFlags & ActivityTraceFlags.Recorded) != 0) ?? false;
        return new SamplingResult(sampled ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }
}
