using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Live values and anomalies.</summary>
internal static class LiveEndpoint
{
    public static readonly ApiEndpoint Endpoint = new(
        "live",
        "/live",
        "Live values and anomalies as server-sent events",
        "Events: 'readings' (an array of readings), 'anomaly', 'dropped' (how many items this client was too slow for). Comments keep "
        + "the connection open. Values come from the log, usually before they are stored.",
        [CommonParameters.Device, CommonParameters.Sensor],
        ["text/event-stream"],
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var role = request.Role;
        if (role.Services.Log is null)
        {
            throw new ApiProblem(503, "no-live", "There are no live values", "This process has no log to follow; ask 'latest' or 'series'.");
        }

        var client = role.Hub.Join(
            request.Parameters.Name(CommonParameters.Device), request.Parameters.Name(CommonParameters.Sensor));
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, role.Stopping);
            await LiveStream.WriteAsync(
                request.Context, client, role.Options.LiveHeartbeat, role.Services.Time, either.Token);
        }
        finally
        {
            role.Hub.Leave(client);
        }
    }
}
