using Microsoft.AspNetCore.Http;
using Telemetry.Query.Problems;

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

    /// <summary>With If-Match something is changed only while it is as the asker has seen it (RFC 9110, section 13.1.1).</summary>
    /// <param name="request">The request.</param>
    /// <param name="tag">Tag of what is there.</param>
    /// <param name="title">What to say when it is another one.</param>
    /// <exception cref="ApiProblem">412: what is there has another tag.</exception>
    public static void DemandMatch(ApiRequest request, string tag, string title)
    {
        var wanted = request.Context.Request.Headers.IfMatch.ToString();
        if (wanted.Length > 0 && !wanted.Split(',').Any(one => one.Trim() is var known && (known == "*" || known == tag)))
        {
            throw HasChanged(tag, wanted, title);
        }
    }

    /// <summary>Whether If-Match asks for one version, and not for any.</summary>
    public static bool NamesVersion(ApiRequest request) =>
        request.Context.Request.Headers.IfMatch.ToString() is { Length: > 0 } wanted && !wanted.Split(',').Any(one => one.Trim() == "*");

    /// <summary>412 for the tag that is there and the one that was wanted.</summary>
    public static ApiProblem HasChanged(string tag, string wanted, string title) =>
        new(412, "changed", title, $"The tag is {tag} now, not {wanted}. Read it again, and change that.");
}
