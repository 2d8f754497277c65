using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Telemetry.Alarms.Streaming;

/// <summary>Puts the gRPC service, its reflection and its health into a web application.</summary>
public static class TelemetryStreamHosting
{
    /// <summary>Call before the application is built.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="hub">What is streamed.</param>
    /// <param name="notReady">Why the role does not get on; null: it does. What gRPC's health says.</param>
    public static IServiceCollection AddTelemetryStreams(this IServiceCollection services, StreamHub hub, Func<string?> notReady)
    {
        services.AddSingleton(hub);
        services.AddGrpc();
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck(
            "alarms", () => notReady() is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
        return services;
    }

    /// <summary>Maps them; they answer where HTTP/2 is spoken.</summary>
    public static IEndpointRouteBuilder MapTelemetryStreams(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<TelemetryStreamService>();
        routes.MapGrpcReflectionService();
        routes.MapGrpcHealthChecksService();
        return routes;
    }
}
