using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>One endpoint: what it is called, what it takes, what it does.</summary>
/// <param name="Name">Operation id, and label of its metrics.</param>
/// <param name="Pattern">Route below <c>/api/v1</c>.</param>
/// <param name="Summary">One line for the OpenAPI document.</param>
/// <param name="Description">More of it.</param>
/// <param name="Parameters">All it takes; any other query parameter is refused.</param>
/// <param name="ContentTypes">What it can answer with.</param>
internal sealed record ApiEndpoint(
    string Name,
    string Pattern,
    string Summary,
    string Description,
    IReadOnlyList<ParameterSpec> Parameters,
    IReadOnlyList<string> ContentTypes,
    Func<ApiRequest, Task> Handler)
{
    /// <summary>HTTP method. Default GET.</summary>
    public string Method { get; init; } = "GET";

    public static readonly IReadOnlyList<string> Json = ["application/json"];

    public static readonly IReadOnlyList<string> Tables = ["application/json", "text/csv", "application/x-ndjson"];
}
