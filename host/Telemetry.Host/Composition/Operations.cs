using Telemetry.Observability;

namespace Telemetry.Host.Composition;

/// <summary>What every process serves about itself: <c>/metrics</c>, <c>/healthz</c>, <c>/readyz</c>.</summary>
internal static class Operations
{
    /// <param name="routes">Where they are added.</param>
    /// <param name="instrumentation">Every metric of this process.</param>
    /// <param name="notReady">Why the process is not ready to serve; empty when it is.</param>
    /// <param name="notes">What an operator should know although the process is ready; null: nothing ever.</param>
    public static void Map(
        IEndpointRouteBuilder routes,
        Instrumentation instrumentation,
        Func<IReadOnlyList<string>> notReady,
        Func<IReadOnlyList<string>>? notes = null)
    {
        instrumentation.MapScraping(routes).ExcludeFromDescription().DisableHttpMetrics();
        routes.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription().DisableHttpMetrics();
        routes.MapGet("/readyz", () =>
        {
            var reasons = notReady();
            return reasons.Count == 0
                ? Results.Text(string.Concat((notes?.Invoke() ?? []).Select(n => $"note: {n}\n").Prepend("ready\n")))
                : Results.Text("not ready: " + string.Join("; ", reasons) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }).ExcludeFromDescription().DisableHttpMetrics();
    }
}
