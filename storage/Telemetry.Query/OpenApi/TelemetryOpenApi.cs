using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Telemetry.Query.Endpoints;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.OpenApi;

/// <summary>Describes the endpoints from the same list they are served from.</summary>
internal static class TelemetryOpenApi
{
    private static readonly string[] WholeNumbers = ["limit", "offset", "points", "expected", "severity"];

    private static readonly Shape Problem = Shape.Named(
        "Problem",
        ("type", Shape.Text), ("title", Shape.Text), ("status", Shape.Integer), ("detail", Shape.Text), ("instance?", Shape.Text), ("parameter?", Shape.Text), ("example?", Shape.Text));

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Telemetry API",
                Version = "v1",
                License = new OpenApiLicense { Name = "Apache 2.0", Url = new Uri("https://www.apache.org/licenses/LICENSE-2.0") },
                Description =
                    "Readings, rollups, alarms, the catalogue and the health of the pipeline. Every answer from the store says how fresh and how complete it "
                    + "is: in JSON as 'meta', in other formats as Telemetry-* headers.",
            };
            document.Servers = [new OpenApiServer { Url = "/", Description = "The platform that serves this document." }];
            document.Tags = new HashSet<OpenApiTag>
            {
                new() { Name = "Telemetry", Description = "What is measured, what became of it, and what is done about it." },
                new() { Name = "Access", Description = "Who may do what." },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var endpoint = context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiEndpoint>().FirstOrDefault();
            if (endpoint is not null)
            {
                Describe(operation, endpoint, context.Document!);
            }

            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiOperation operation, ApiEndpoint endpoint, OpenApiDocument document)
    {
        operation.Parameters = [.. endpoint.Parameters.Select(Parameter)];
        if (BodyShapes.ByName.TryGetValue(endpoint.Name, out var body))
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = endpoint.Name != "backtest",
                Content = body.Types.ToDictionary(type => type, type => type == "application/json"
                    ? new OpenApiMediaType { Schema = body.Shape.ToSchema(document), Example = body.Node }
                    : new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } }),
            };
        }

        operation.Responses = new OpenApiResponses();
        if (endpoint.Method == "DELETE")
        {
            operation.Responses["204"] = new OpenApiResponse { Description = "Done." };
        }
        else
        {
            operation.Responses["200"] = Answer(endpoint, document, endpoint.Summary);
        }

        if (endpoint.Name is "commandIssue" or "alarmAction")
        {
            operation.Responses["202"] = Answer(endpoint, document, "It is on the log, and not decided yet.");
        }

        Refusal(operation, document, "400", "A parameter or the body is not usable; the problem names it and gives an example.");
        if (endpoint.Parameters.Any(p => p.InPath))
        {
            Refusal(operation, document, "404", "There is no such thing, or whoever asks may not see it.");
        }

        if (endpoint.Method is "PUT" or "DELETE" || endpoint.Name == "alarmAction")
        {
            Refusal(operation, document, "409", "What is there does not allow it.");
            Refusal(operation, document, "412", "What is there has changed since: the tag of If-Match is another one.");
        }

        Refusal(operation, document, "422", "The question is larger than the limits of time, memory or rows, or the document has errors; all of them are said.");
        Refusal(operation, document, "503", "Too many queries at once, or the store or the log is down; Retry-After says when to come back.");
    }

    private static OpenApiParameter Parameter(ParameterSpec spec) => new()
    {
        Name = spec.Name,
        In = spec.InPath ? ParameterLocation.Path : ParameterLocation.Query,
        Required = spec.Required,
        Description = spec.Description,
        Schema = new OpenApiSchema { Type = WholeNumbers.Contains(spec.Name) ? JsonSchemaType.Integer : JsonSchemaType.String },
        Example = WholeNumbers.Contains(spec.Name) && int.TryParse(spec.Example, out var number) ? JsonValue.Create(number) : JsonValue.Create(spec.Example),
    };

    private static OpenApiResponse Answer(ApiEndpoint endpoint, OpenApiDocument document, string description) => new()
    {
        Description = description,
        Content = endpoint.ContentTypes.ToDictionary(type => type, type => new OpenApiMediaType
        {
            Schema = type switch
            {
                "application/json" => AnswerShapes.ByName[endpoint.Name].ToSchema(document),
                OutputFormats.ParquetType or OutputFormats.ArrowType => new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                _ => new OpenApiSchema { Type = JsonSchemaType.String },
            },
        }),
    };

    private static void Refusal(OpenApiOperation operation, OpenApiDocument document, string status, string description) =>
        operation.Responses![status] = new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new OpenApiMediaType { Schema = Problem.ToSchema(document) } },
        };
}
