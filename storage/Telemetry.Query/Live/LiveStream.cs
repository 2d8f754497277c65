using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Live;

/// <summary>Writes one client's live items as server-sent events (HTML Living Standard, 9.2).</summary>
internal static class LiveStream
{
    private const int ReadingsPerEvent = 256;

    /// <summary>
    /// A stream that says no and ends. An EventSource gives up for good on a 503, but opens an ended stream again after the time that
    /// <c>retry</c> names.
    /// </summary>
    public static async Task WriteBusyAsync(HttpContext context, ApiProblem busy, CancellationToken cancellationToken)
    {
        var wait = busy.RetryAfter ?? TimeSpan.FromSeconds(5);
        Begin(context.Response);
        context.Response.BodyWriter.Put(Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"retry: {wait.TotalMilliseconds:0}\n")));
        Event(context.Response, "busy", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("detail", busy.Message);
            writer.WriteEndObject();
        });
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    public static async Task WriteAsync(
        HttpContext context, LiveClient client, TimeSpan heartbeat, TimeProvider time, CancellationToken cancellationToken)
    {
        var response = context.Response;
        Begin(response);
        response.BodyWriter.Put("retry: 2000\n: hello\n\n"u8);
        await response.BodyWriter.FlushAsync(cancellationToken);

        // One timer for the life of the stream: a delay a turn would leave a timer behind for every event that came before it.
        using var heart = new PeriodicTimer(heartbeat, time);
        var beat = heart.WaitForNextTickAsync(cancellationToken).AsTask();
        var ready = client.Items.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            if (await Task.WhenAny(ready, beat) == beat)
            {
                await beat;
                response.BodyWriter.Put(": beat\n\n"u8);
                beat = heart.WaitForNextTickAsync(cancellationToken).AsTask();
            }
            else
            {
                if (!await ready)
                {
                    return;
                }

                WriteItems(response, client);
                ready = client.Items.WaitToReadAsync(cancellationToken).AsTask();
            }

            await response.BodyWriter.FlushAsync(cancellationToken);
        }
    }

    private static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    private static void WriteItems(HttpResponse response, LiveClient client)
    {
        var readings = new List<LiveItem>();
        while (readings.Count < ReadingsPerEvent && client.Items.TryRead(out var item))
        {
            if (item.Anomaly is not null)
            {
                Event(response, "anomaly", writer => WriteAnomaly(writer, item));
            }
            else if (item.Incident is { } incident)
            {
                Event(response, "incident", writer => LiveIncident.Write(writer, incident));
            }
            else
            {
                readings.Add(item);
            }
        }

        if (readings.Count > 0)
        {
            Event(response, "readings", writer => WriteReadings(writer, readings));
            QueryMetrics.GaveRows("live", readings.Count);
        }

        var dropped = client.TakeDropped();
        if (dropped > 0)
        {
            Event(response, "dropped", writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("count", dropped);
                writer.WriteEndObject();
            });
        }
    }

    private static void Event(HttpResponse response, string name, Action<Utf8JsonWriter> data)
    {
        response.BodyWriter.Put(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
        using (var writer = new Utf8JsonWriter(response.BodyWriter))
        {
            data(writer);
        }

        response.BodyWriter.Put("\n\n"u8);
    }

    private static void WriteReadings(Utf8JsonWriter writer, List<LiveItem> readings)
    {
        writer.WriteStartArray();
        foreach (var item in readings)
        {
            writer.WriteStartObject();
            writer.WriteString("device", item.Device);
            writer.WriteString("sensor", item.Sensor);
            JsonValues.Time(writer, "t", item.TimeUs);
            JsonValues.Number(writer, "value", item.Value);
            JsonValues.Special(writer, item.Value);
            writer.WriteNumber("quality", (int)item.Quality);
            if (item.ClockAhead)
            {
                writer.WriteBoolean("clockAhead", true);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteAnomaly(Utf8JsonWriter writer, LiveItem item)
    {
        var anomaly = item.Anomaly!;
        writer.WriteStartObject();
        writer.WriteString("device", item.Device);
        writer.WriteString("sensor", item.Sensor);
        JsonValues.Time(writer, "t", item.TimeUs);
        writer.WriteString("kind", AnomalyKinds.Name(anomaly.Kind));
        JsonValues.Number(writer, "value", item.Value);
        JsonValues.Number(writer, "score", anomaly.Score);
        JsonValues.Number(writer, "pValue", anomaly.PValue);
        writer.WriteString("detector", anomaly.Detector);
        writer.WriteString("reason", anomaly.Reason);
        writer.WriteString("incident", anomaly.IncidentId);
        writer.WriteEndObject();
    }
}
