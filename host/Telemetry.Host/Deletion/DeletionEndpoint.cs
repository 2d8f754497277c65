using Telemetry.Host.Access;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Host.Deletion;

/// <summary>Deletes a device's data.</summary>
internal static class DeletionEndpoint
{
    /// <summary>A large store takes longer; the answer says then that it goes on.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    /// <param name="routes">Where it is served.</param>
    /// <param name="find">Makes the desk; null where this process has no API.</param>
    public static void Map(IEndpointRouteBuilder routes, Func<DeletionDesk?> find) => routes
        .MapDelete("/api/v1/devices/{device}", (HttpContext context, string device) => DeleteAsync(context, device, find()))
        .WithTags("Operations").WithName("deviceDelete").WithSummary("Delete what is stored of a device")
        .WithDescription("In every table and every state, for good, also where roles run in processes of their own. 202: ordered, and done when the roles come to it. What the log still has "
            + "of it goes with the log's retention, and is stored by no replay. A device that sends again begins anew.")
        .Produces<DeletionAnswer>().Produces<DeletionAnswer>(StatusCodes.Status202Accepted);

    private static async Task DeleteAsync(HttpContext context, string device, DeletionDesk? desk)
    {
        try
        {
            var by = context.Features.Get<Person>()?.Name ?? "nobody";
            var answer = await (desk ?? throw new IOException("This process has no API of the platform: ask one of the query role."))
                .RunAsync(device, by, Wait, context.RequestAborted);
            context.Response.StatusCode = answer.Done ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
            await context.Response.WriteAsJsonAsync(answer, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or RecordLogException or ClickHouseException)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status409Conflict, "not-deleted", "Not all of it was ordered", e.Message);
        }
    }
}
