using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Telemetry.Query.Endpoints;

namespace Telemetry.Query.OpenApi;

/// <summary>Describes the endpoints from the same list they are served from.</summary>
internal static class TelemetryOpenApi
{
    private static readonly string[] ProblemFields = ["type", "title", "status", "detail", "instance", "parameter", "example"];

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Telemetry query API",
                Version = "v1",
                Description =
                    "Readings, rollups, anomalies and the health of the pipeline. Every answer says how fresh and how complete it "
                    + "is: in JSON as 'meta', in CSV and JSON lines as Telemetry-* headers.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var endpoint = context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiEndpoint>().FirstOrDefault();
            if (endpoint is not null)
            {
                Describe(operation, endpoint);
            }

            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiOperation operation, ApiEndpoint endpoint)
    {
        operation.Parameters = [.. endpoint.Parameters.Select(spec => new OpenApiParameter
        {
            Name = spec.Name,
            In = spec.InPath ? ParameterLocation.Path : ParameterLocation.Query,
            Required = spec.Required,
            Description = spec.Description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            Example = JsonValue.Create(spec.Example),
        })];
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = endpoint.Summary,
                Content = endpoint.ContentTypes.ToDictionary(type => type, _ => new OpenApiMediaType()),
            },
            ["400"] = Problem("A parameter is not usable; the problem names it and gives an example."),
            ["422"] = Problem("The question is larger than the limits of time, memory or rows."),
            ["503"] = Problem("Too many queries at once, or the store is down; Retry-After says when to come back."),
        };
    }

    private static OpenApiResponse Problem(string description) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/problem+json"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = ProblemFields.ToDictionary(
                        name => name,
                        name => (IOpenApiSchema)new OpenApiSchema
                        {
                            Type = name == "status" ? JsonSchemaType.Integer : JsonSchemaType.String,
                        }),
                },
            },
        },
    };
}
