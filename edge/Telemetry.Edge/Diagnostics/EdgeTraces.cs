using System.Diagnostics;
using System.Text;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Diagnostics;

/// <summary>
/// The span <c>publish</c>: a publish on an ingest topic, from its bytes to the hand-over to the log. The first of its trace, or
/// the next one of the device's own. While nobody listens, the cost is one comparison.
/// </summary>
internal static class EdgeTraces
{
    public static readonly ActivitySource Source = new("Telemetry.Edge");

    /// <summary>Null: this publish is not traced. Otherwise it is the current activity until it is disposed.</summary>
    public static Activity? Start(in IngestPublish publish)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // Not below the connection's own activity (a WebSocket has one): every publish is a way of its own.
        Activity.Current = null;
        ActivityContext.TryParse(Encoding.ASCII.GetString(publish.TraceParent), null, isRemote: true, out var parent);
        var activity = Source.StartActivity("publish", ActivityKind.Server, parent);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.system", "mqtt");
            activity.SetTag("messaging.destination.name", Encoding.UTF8.GetString(publish.TopicName));
            activity.SetTag("messaging.client.id", publish.ClientId);
            activity.SetTag("messaging.message.body.size", publish.Payload.Length);
        }

        return activity;
    }

    /// <summary>The log had no room, nothing was taken: the publish comes again, with a trace of its own.</summary>
    public static void Forget(Activity? activity)
    {
        if (activity is not null)
        {
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            activity.IsAllDataRequested = false;
        }
    }
}
