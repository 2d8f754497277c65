using Microsoft.AspNetCore.Http;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>All endpoints below <c>/api/v1</c>.</summary>
internal static class ApiEndpoints
{
    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        .. DeviceEndpoints.All,
        .. CatalogueEndpoints.All,
        .. CatalogueDocumentEndpoints.All,
        LatestEndpoint.Endpoint,
        .. SeriesEndpoints.All,
        QueryEndpoint.Endpoint,
        SqlEndpoint.Endpoint,
        .. EventEndpoints.All,
        .. IncidentEndpoints.All,
        .. StatisticsEndpoint.All,
        ExportEndpoint.Endpoint,
        PipelineEndpoint.Endpoint,
        .. CommandEndpoints.All,
        .. DetectorEndpoints.All,
        .. OperationEndpoints.All,
        .. StoreEndpoints.All,
        .. LogEndpoints.All,
        .. DashboardEndpoints.All,
        LiveEndpoint.Endpoint,
        .. AlarmEndpoints.All,
        .. AlarmHistoryEndpoints.All,
        .. AlarmRulesEndpoints.All,
        AlarmLiveEndpoint.Endpoint,
    ];

    public static Task UnknownAsync(HttpContext context) => ProblemWriter.WriteAsync(context, new ApiProblem(
        404, "not-found", "There is no such endpoint", $"Nothing answers {context.Request.Method} {context.Request.Path}. See /openapi/v1.json."));
}
