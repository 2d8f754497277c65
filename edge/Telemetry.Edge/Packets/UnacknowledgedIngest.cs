using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Packets;

/// <summary>Fate of QoS 0 publishes on ingest topics: counted, as there is nobody to tell.</summary>
internal sealed class UnacknowledgedIngest(EdgeMetrics metrics) : IIngestCompletion
{
    public void Ingested(in IngestResult result, ulong state)
    {
        metrics.Ingested(result.Outcome);
        metrics.Dropped(DropCause.IngestFailed, result.Outcome == IngestOutcome.Failed ? 1 : 0);
    }
}
