using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Routing;

/// <summary>
/// A publish on an ingest topic that someone subscribes to: delivered when the log has it, and then answered. What the log refuses
/// reaches nobody. The bytes are bounded as those that wait for the log are.
/// </summary>
internal sealed class StoredDelivery(MessageRouter router, Message message, Session? publisher, IIngestCompletion inner) : IIngestCompletion
{
    /// <inheritdoc/>
    public void Ingested(in IngestResult result, ulong state)
    {
        if (result.Outcome == IngestOutcome.Stored)
        {
            router.RouteHere(message, publisher);
        }

        inner.Ingested(result, state);
    }
}
