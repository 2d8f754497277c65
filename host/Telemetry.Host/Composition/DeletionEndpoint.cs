using Telemetry.Host.Access;

namespace Telemetry.Host.Composition;

/// <summary>Deletes a device's data.</summary>
internal static class DeletionEndpoint
{
    /// <param name="routes">Where it is served.</param>
    /// <param name="find">The store of this process; null where it has none.</param>
    public static void Map(IEndpointRouteBuilder routes, Func<StoreModule?> find) => routes
        .MapDelete("/api/v1/devices/{device}", (HttpContext context, string device) => DeleteAsync(context, device, find()))
        .WithTags("Operations").WithName("deviceDelete").WithSummary("Delete what is stored of a device")
        .WithDescription("In every table, for good. What the log still has of it goes with the log's retention, and is stored by no replay. A device that sends again begins anew.")
        .Produces<DeletionAnswer>();

    private static async Task DeleteAsync(HttpContext context, string device, StoreModule? store)
    {
        try
        {
            var by = context.Features.Get<Person>()?.Name ?? "nobody";
            var readings = await (store ?? throw new IOException("This process does not store. Ask the one that does (up), or stop the store processes and run telemetry devices delete on the log."))
                .DeleteDeviceAsync(device, by, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(new DeletionAnswer(device, readings), context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status409Conflict, "not-deleted", "Nothing was deleted", e.Message);
        }
    }

    /// <param name="Device">Whose data.</param>
    /// <param name="Readings">Raw readings that were stored.</param>
    private sealed record DeletionAnswer(string Device, long Readings);
}
