using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Telemetry.Query.Endpoints;
using Telemetry.Query.OpenApi;
using Telemetry.Query.Pages;

namespace Telemetry.Query;

/// <summary>Puts the query API, its OpenAPI document and the console into a web application.</summary>
public static class TelemetryApi
{
    /// <summary>
    /// Adds what the OpenAPI document needs: version 3.1, and the same in 3.0 for generators that do not read 3.1 yet. Call before the application is built.
    /// </summary>
    public static IServiceCollection AddTelemetryApi(this IServiceCollection services) => services
        .AddOpenApi("v1", TelemetryOpenApi.Configure)
        .AddOpenApi("v1-openapi3.0", options =>
        {
            TelemetryOpenApi.Configure(options);
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_0;
        });

    /// <summary>
    /// Maps <c>/api/v1/...</c>, <c>/openapi/v1.json</c>, <c>/openapi/v1-openapi3.0.json</c> and, with the lowest precedence of all routes, the console at
    /// <c>/</c>.
    /// </summary>
    public static IEndpointRouteBuilder MapTelemetryApi(this IEndpointRouteBuilder routes, QueryRole role)
    {
        routes.MapOpenApi("/openapi/{documentName}.json");
        var group = routes.MapGroup("/api/v1").WithTags("Telemetry");
        foreach (var endpoint in ApiEndpoints.All)
        {
            // As Delegate, not as RequestDelegate: only those are described in the OpenAPI document.
            group.MapMethods(endpoint.Pattern, [endpoint.Method], (Delegate)((HttpContext context) => ApiRunner.RunAsync(role.Parts, endpoint, context)))
                .WithName(endpoint.Name)
                .WithSummary(endpoint.Summary)
                .WithDescription(endpoint.Description)
                .WithMetadata(endpoint);
        }

        routes.Map("/api/{**path}", (HttpContext context) => ApiEndpoints.UnknownAsync(context)).ExcludeFromDescription();
        ConsoleFiles.Map(routes, role.Parts.Options, role.Parts.Logger);
        return routes;
    }
}
