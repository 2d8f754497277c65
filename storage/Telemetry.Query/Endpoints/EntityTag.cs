using Microsoft.AspNetCore.Http;

namespace Telemetry.Query.Endpoints;

/// <summary>Tags of answers: whoever has an answer already is not sent it again.</summary>
internal static class EntityTag
{
    /// <summary>Sets the tag; true: the asker has it, and 304 was given.</summary>
    public static bool IsKnown(ApiRequest request, string tag)
    {
        request.Response.Headers.ETag = tag;
        request.Response.Headers.CacheControl = "no-cache";
        if (!request.Context.Request.Headers.IfNoneMatch.ToString().Split(',').Any(one => one.Trim() == tag))
        {
            return false;
        }

        request.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }
}
