using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>Where the pipeline's figures come from: this process, or others over HTTP. Used by one loop.</summary>
internal interface IPipelineFigures
{
    /// <summary>Reads the newest figures; the rest of the calls answers from them.</summary>
    /// <exception cref="Exception">They cannot be had now; asked again at the next sample.</exception>
    ValueTask RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Sum of an instrument over its series; 0 when unknown.</summary>
    double Sum(string instrument);

    /// <summary>Counts of a latency histogram over its series.</summary>
    LatencyCounts Latency(string instrument);

    /// <summary>How far groups are behind, as far as it is known here.</summary>
    IReadOnlyList<PipelineLag> Lag { get; }
}
