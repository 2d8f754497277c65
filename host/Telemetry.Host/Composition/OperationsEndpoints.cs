using Telemetry.Host.Metrics;

namespace Telemetry.Host.Composition;

/// <summary>What every process of ours serves to those who run it: <c>/metrics</c>, <c>/healthz</c>, <c>/readyz</c>.</summary>
internal static class OperationsEndpoints
{
    /// <param name="endpoints">Where they are added.</param>
    /// <param name="metrics">Every figure of the process.</param>
    /// <param name="notReady">Why the process is not ready to serve; empty when it is.</param>
    public static void Map(IEndpointRouteBuilder endpoints, MetricsRegistry metrics, Func<IReadOnlyList<string>> notReady)
    {
        endpoints.MapGet("/metrics", (HttpContext context) =>
        {
            context.Response.ContentType = PrometheusWriter.ContentType;
            return context.Response.WriteAsync(PrometheusWriter.Write(metrics.Collect()), context.RequestAborted);
        }).ExcludeFromDescription();
        endpoints.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        endpoints.MapGet("/readyz", () =>
        {
            var reasons = notReady();
            return reasons.Count == 0
                ? Results.Text("ready\n")
                : Results.Text("not ready: " + string.Join("; ", reasons) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }).ExcludeFromDescription();
    }
}
