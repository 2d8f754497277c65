using Telemetry.Query.Diagnostics;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Live values, anomalies and incidents.</summary>
internal static class LiveEndpoint
{
    public static readonly ApiEndpoint Endpoint = new(
        "live",
        "/live",
        "Live values, anomalies and incidents as server-sent events",
        "Events: 'readings' (an array of readings), 'anomaly', 'incident' (opened, updated, ended: all of it each time), 'dropped' (how many items this client was too slow for). Comments keep "
        + "the connection open. Values come from the log, usually before they are stored. When as many streams are open as there may be, who "
        + "accepts text/event-stream gets a stream with the event 'busy' that ends at once, so that it comes back by itself, and anyone else 503.",
        [CommonParameters.Device, CommonParameters.Sensor],
        ["text/event-stream"],
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var parts = request.Parts;
        if (parts.Services.Log is null)
        {
            throw new ApiProblem(503, "no-live", "There are no live values", "This process has no log to follow; ask 'latest' or 'series'.");
        }

        var device = request.Parameters.Name(CommonParameters.Device);
        var sensor = request.Parameters.Name(CommonParameters.Sensor);
        LiveClient client;
        try
        {
            client = parts.Hub.Join(device, sensor, request.Caller.Devices);
        }
        catch (ApiProblem busy) when (AsksForEvents(request))
        {
            QueryMetrics.TurnedAway(busy.Code);
            await LiveStream.WriteBusyAsync(request.Context, busy, request.Aborted);
            return;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, parts.Stopping);
            await LiveStream.WriteAsync(
                request.Context, client, parts.Options.LiveHeartbeat, parts.Services.Time, either.Token);
        }
        finally
        {
            parts.Hub.Leave(client);
        }
    }

    /// <summary>As every browser's EventSource does.</summary>
    private static bool AsksForEvents(ApiRequest request) =>
        request.Context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase);
}
