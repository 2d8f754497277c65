using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Telemetry.Alarms.Streaming.V1;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;

namespace Telemetry.Alarms.Streaming;

/// <summary>The gRPC service over a <see cref="StreamHub"/>.</summary>
public sealed class TelemetryStreamService(StreamHub hub) : TelemetryStream.TelemetryStreamBase
{
    private const int PatternsMax = 100;

    private static readonly Status TooSlow = new(
        StatusCode.ResourceExhausted, "This client is too slow: more waited for it than Alarms:Grpc:BacklogBytesMax. Call again; what was missed is in the HTTP API.");

    /// <inheritdoc/>
    public override Task WatchAlarms(WatchAlarmsRequest request, IServerStreamWriter<AlarmUpdate> responseStream, ServerCallContext context)
    {
        var devices = Patterns(request.Devices, "devices");
        return StreamAsync(
            LogTopics.Alarms,
            update => Matches(devices, update.Change.Alarm.Device) && update.Change.Alarm.Priority >= request.PriorityMin
                && (request.Kinds.Count == 0 || request.Kinds.Contains(update.Change.Alarm.Kind)),
            static update => update,
            responseStream,
            context);
    }

    /// <inheritdoc/>
    public override Task WatchIncidents(WatchIncidentsRequest request, IServerStreamWriter<IncidentUpdate> responseStream, ServerCallContext context)
    {
        var devices = Patterns(request.Devices, "devices");
        return StreamAsync(
            LogTopics.Incidents,
            update => Matches(devices, update.Incident.Device) && update.Incident.Severity >= request.SeverityMin
                && (request.Kinds.Count == 0 || request.Kinds.Contains(KebabCase.Of(update.Incident.Kind.ToString()))),
            static update => update,
            responseStream,
            context);
    }

    /// <inheritdoc/>
    public override Task WatchReadings(WatchReadingsRequest request, IServerStreamWriter<ReadingsUpdate> responseStream, ServerCallContext context)
    {
        var devices = Patterns(request.Devices, "devices");
        var sensors = Patterns(request.Sensors, "sensors");
        return StreamAsync(
            LogTopics.Readings,
            update => Matches(devices, update.Readings[0].Device) && (sensors.Length == 0 || update.Readings.Any(r => Matches(sensors, r.Sensor))),
            update => sensors.Length == 0 ? update : new ReadingsUpdate { Readings = { update.Readings.Where(r => Matches(sensors, r.Sensor)) } },
            responseStream,
            context);
    }

    private async Task StreamAsync<T>(string topic, Func<T, bool> wants, Func<T, T> cut, IServerStreamWriter<T> stream, ServerCallContext context)
        where T : class, IMessage
    {
        var client = hub.Join(topic, wants)
            ?? throw new RpcException(new Status(StatusCode.Unavailable, "There are as many streams as there may be (Alarms:Grpc:ClientsMax). Try again later."));
        var cutOff = client.Cut;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, hub.Stopping, cutOff);
            await hub.FollowedAsync(topic).WaitAsync(either.Token);

            // Headers now: the client knows that it misses nothing from here on.
            await context.WriteResponseHeadersAsync(new Metadata());
            await foreach (var message in client.Messages.ReadAllAsync(either.Token))
            {
                await stream.WriteAsync(cut(message), either.Token);
                client.Sent(message);
            }
        }
        catch (OperationCanceledException) when (hub.Stopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server stops."));
        }
        catch (OperationCanceledException) when (cutOff.IsCancellationRequested)
        {
            throw new RpcException(TooSlow);
        }
        finally
        {
            hub.Leave(topic, client);
        }

        if (client.IsTooSlow)
        {
            throw new RpcException(TooSlow);
        }
    }

    private static NamePattern[] Patterns(RepeatedField<string> patterns, string field) => patterns.Count <= PatternsMax && patterns.All(p => p.Length is > 0 and <= 128)
        ? [.. patterns.Select(p => new NamePattern(p))]
        : throw new RpcException(new Status(StatusCode.InvalidArgument, $"{field}: at most {PatternsMax} patterns of 1 to 128 characters."));

    private static bool Matches(NamePattern[] patterns, string name) => patterns.Length == 0 || patterns.Any(p => p.IsMatch(name));
}
