using Telemetry.Host.Access;

namespace Telemetry.Host.Composition;

/// <summary>Snapshots over HTTP, for <c>telemetry backup</c> on the same machine. The process writes below its own data directory only.</summary>
internal static class SnapshotEndpoints
{
    /// <param name="routes">Where they are served.</param>
    /// <param name="find">The module; null where this process has not both log and store.</param>
    public static void Map(IEndpointRouteBuilder routes, Func<SnapshotModule?> find)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Operations");
        group.MapPost("/snapshot", (Delegate)((HttpContext context) => MakeAsync(context, find())))
            .WithName("snapshotMake").WithSummary("Hold log and store as they are now, for a backup")
            .WithDescription("Answers with a folder on this machine that lists the files. The store stands still for some seconds and catches up; devices are acknowledged meanwhile. Replaces a former snapshot.")
            .Produces<SnapshotAnswer>(StatusCodes.Status201Created);
        group.MapDelete("/snapshot", () => Clear(find()))
            .WithName("snapshotClear").WithSummary("Let go of what the snapshot holds").Produces(StatusCodes.Status204NoContent);
    }

    private static IResult Clear(SnapshotModule? module)
    {
        module?.Clear();
        return Results.NoContent();
    }

    private static async Task MakeAsync(HttpContext context, SnapshotModule? module)
    {
        try
        {
            var folder = await (module ?? throw new IOException("This process has not both log and store; ask the one that runs up.")).MakeAsync(context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(new SnapshotAnswer(folder), context.RequestAborted);
        }
        catch (IOException e)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status409Conflict, "no-snapshot", "No snapshot was made", e.Message);
        }
    }

    /// <param name="Folder">On the machine of the process.</param>
    private sealed record SnapshotAnswer(string Folder);
}
