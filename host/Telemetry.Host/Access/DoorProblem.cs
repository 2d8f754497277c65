using System.Text.Json;

namespace Telemetry.Host.Access;

/// <summary>A refusal, as RFC 9457 says it.</summary>
internal static class DoorProblem
{
    public static Task WriteAsync(HttpContext context, int status, string code, string title, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer realm=\"telemetry\"";
        }

        return response.WriteAsync(
            JsonSerializer.Serialize(new Dictionary<string, object?>
            {
                ["type"] = "urn:telemetry:problem:" + code,
                ["title"] = title,
                ["status"] = status,
                ["detail"] = detail,
                ["instance"] = context.Request.Path.Value,
            }),
            context.RequestAborted);
    }
}
