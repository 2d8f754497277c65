using Telemetry.Host.Metrics;

namespace Telemetry.Host.Composition;

/// <summary>What every process serves about itself: <c>/metrics</c>, <c>/healthz</c>, <c>/readyz</c>.</summary>
internal static class Operations
{
    /// <param name="notReady">Why the process is not ready to serve; empty when it is.</param>
    public static void Map(IEndpointRouteBuilder routes, MetricsRegistry metrics, Func<IReadOnlyList<string>> notReady)
    {
        routes.MapGet("/metrics", (HttpContext context) =>
        {
            context.Response.ContentType = PrometheusWriter.ContentType;
            return context.Response.WriteAsync(PrometheusWriter.Write(metrics.Collect()), context.RequestAborted);
        }).ExcludeFromDescription();
        routes.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        routes.MapGet("/readyz", () =>
        {
            var reasons = notReady();
            return reasons.Count == 0
                ? Results.Text("ready\n")
                : Results.Text("not ready: " + string.Join("; ", reasons) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }).ExcludeFromDescription();
    }
}
