using System.Diagnostics;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>The span <c>process</c>: one record through duplicates, watermarks and detectors, in the trace of its publish.</summary>
internal static class ProcessingTraces
{
    public static readonly ActivitySource Source = new("Telemetry.Processing");

    /// <summary>Null: this record is not traced, or nobody listens.</summary>
    public static Activity? Start(in ActivityContext publish, TopicPartition partition, long offset)
    {
        var activity = Source.StartActivity("process", ActivityKind.Consumer, publish);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.destination.name", partition.Topic);
            activity.SetTag("messaging.destination.partition.id", partition.Partition);
            activity.SetTag("messaging.kafka.offset", offset);
        }

        return activity;
    }
}
