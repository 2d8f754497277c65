using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Who changes something: whoever has signed in, and otherwise, where there are no users, who the request says it is.</summary>
internal static class Author
{
    /// <summary>Author of changes where nobody has signed in and none is named.</summary>
    private const string Nobody = "api";

    /// <summary>For changes that may be without a name.</summary>
    public static readonly ParameterSpec By = new("by", "Who, where nobody has signed in. Default api.", "ann");

    /// <summary>For changes that must have a name.</summary>
    public static readonly ParameterSpec RequiredBy = new("by", "Who, where nobody has signed in; required there.", "ann");

    /// <summary>Who has signed in, or is named; "api" when nobody is.</summary>
    public static string Of(ApiRequest request) => Of(request, request.Parameters.Text(By)) ?? Nobody;

    /// <summary>Who has signed in, or is named.</summary>
    /// <exception cref="ApiProblem">400: neither.</exception>
    public static string Demand(ApiRequest request) => Of(request, request.Parameters.Text(RequiredBy))
        ?? throw ApiProblem.BadParameter(RequiredBy.Name, "Nobody has signed in: say who it is with 'by'.", RequiredBy.Example);

    /// <summary>Who has proved who they are does not say so again, and cannot say otherwise.</summary>
    /// <param name="request">The request.</param>
    /// <param name="named">Who it says it is; null or empty: it does not.</param>
    /// <returns>Null: not known.</returns>
    public static string? Of(ApiRequest request, string? named) => request.Caller.Name ?? (string.IsNullOrEmpty(named) ? null : named);
}
