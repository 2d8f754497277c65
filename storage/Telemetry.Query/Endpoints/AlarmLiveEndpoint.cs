using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Query.Alarms;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>Changes of alarms as they come.</summary>
internal static class AlarmLiveEndpoint
{
    public static readonly ApiEndpoint Endpoint = new(
        "alarmLive",
        "/alarms/live",
        "Changes of alarms as server-sent events",
        "Events: 'alarm' (one change with the alarm as it was afterwards). The id of an event is a place on the log: who comes back with Last-Event-ID gets every "
        + "change since, as long as the log has them. A client that is too slow is ended, and comes back by itself.",
        [CommonParameters.Device],
        ["text/event-stream"],
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var desk = AlarmEndpoints.Desk(request);
        var device = request.Parameters.Name(CommonParameters.Device);
        var last = AlarmPositions.Parse(request.Context.Request.Headers["Last-Event-ID"].ToString());
        var client = desk.Join();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, request.Parts.Stopping);
            var stream = new Stream(request, device, last ?? client.From.Copy());
            await stream.BeginAsync(either.Token);
            if (last is not null)
            {
                await desk.ReadAsync(last.Copy(), client.From, change => stream.WriteAsync(change, either.Token), either.Token);
            }

            await stream.FollowAsync(client, either.Token);
        }
        finally
        {
            desk.Leave(client);
        }
    }

    /// <summary>One open stream and its place.</summary>
    private sealed class Stream(ApiRequest request, string? device, AlarmPositions place)
    {
        private readonly HttpResponse _response = request.Response;

        public async ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            _response.ContentType = "text/event-stream";
            _response.Headers.CacheControl = "no-store";
            _response.Headers["X-Accel-Buffering"] = "no";
            _response.BodyWriter.Put("retry: 2000\n: hello\n\n"u8);
            await _response.BodyWriter.FlushAsync(cancellationToken);
        }

        public async ValueTask WriteAsync(AlarmEvent change, CancellationToken cancellationToken)
        {
            Write(change);
            await _response.BodyWriter.FlushAsync(cancellationToken);
        }

        public async Task FollowAsync(AlarmClient client, CancellationToken cancellationToken)
        {
            using var heart = new PeriodicTimer(request.Options.LiveHeartbeat, request.Parts.Services.Time);
            var beat = heart.WaitForNextTickAsync(cancellationToken).AsTask();
            var ready = client.Events.WaitToReadAsync(cancellationToken).AsTask();
            while (true)
            {
                if (await Task.WhenAny(ready, beat) == beat)
                {
                    await beat;
                    _response.BodyWriter.Put(": beat\n\n"u8);
                    beat = heart.WaitForNextTickAsync(cancellationToken).AsTask();
                }
                else
                {
                    if (!await ready)
                    {
                        return;
                    }

                    while (client.Events.TryRead(out var change))
                    {
                        Write(change);
                    }

                    ready = client.Events.WaitToReadAsync(cancellationToken).AsTask();
                }

                await _response.BodyWriter.FlushAsync(cancellationToken);
            }
        }

        private void Write(in AlarmEvent change)
        {
            place.Set(change.Partition, change.Offset + 1);
            if ((device is not null && change.Change.Alarm.Device != device) || !request.Caller.Devices.Sees(change.Change.Alarm.Device) || change.Change.Transition == AlarmTransition.Refused)
            {
                return;
            }

            _response.BodyWriter.Put(Encoding.ASCII.GetBytes($"id: {place}\nevent: alarm\ndata: "));
            using (var writer = new Utf8JsonWriter(_response.BodyWriter))
            {
                AlarmFields.Write(writer, change.Change);
            }

            _response.BodyWriter.Put("\n\n"u8);
        }
    }
}
