using System.Diagnostics;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Producers;

/// <summary>
/// The span <c>send TOPIC</c>: a traced record from its hand-over to librdkafka to Kafka's answer. A record is traced when its header
/// <c>traceparent</c> says so; while nobody listens, the cost is one comparison.
/// </summary>
internal static class KafkaTraces
{
    private static readonly ActivitySource Source = new("Telemetry.Streams");

    /// <summary>Begins the span; null when the record is not traced. The caller's own current activity stays.</summary>
    public static Activity? Start(in NewRecord record)
    {
        if (!Source.HasListeners() || record.Headers is not { } headers || !TraceContext.TryRead(headers, out var context))
        {
            return null;
        }

        var current = Activity.Current;
        var send = Source.StartActivity($"send {record.Topic}", ActivityKind.Producer, context);
        if (send is { IsAllDataRequested: true })
        {
            send.SetTag("messaging.system", "kafka");
            send.SetTag("messaging.operation.name", "send");
            send.SetTag("messaging.destination.name", record.Topic);
        }

        Activity.Current = current;
        return send;
    }

    /// <summary>Kafka has answered, or librdkafka did not take the record. Called on a thread of the client, whose own current activity stays.</summary>
    public static void End(Activity? send, int partition, long offset, Error error)
    {
        if (send is null)
        {
            return;
        }

        if (error.IsError)
        {
            send.SetStatus(ActivityStatusCode.Error, error.Reason);
        }
        else if (send.IsAllDataRequested)
        {
            send.SetTag("messaging.destination.partition.id", partition);
            send.SetTag("messaging.kafka.offset", offset);
        }

        var current = Activity.Current;
        send.Stop();
        Activity.Current = current;
    }
}
