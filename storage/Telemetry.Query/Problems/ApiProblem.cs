namespace Telemetry.Query.Problems;

/// <summary>
/// A request that cannot be answered, as RFC 9457 says it: what is wrong, with which parameter, and an example that works.
/// </summary>
internal sealed class ApiProblem : Exception
{
    public ApiProblem(int status, string code, string title, string detail)
        : base(detail)
    {
        Status = status;
        Code = code;
        Title = title;
    }

    public int Status { get; }

    /// <summary>Last part of the problem's <c>type</c>, for programs.</summary>
    public string Code { get; }

    public string Title { get; }

    /// <summary>Name of the parameter at fault; null when it is none.</summary>
    public string? Parameter { get; init; }

    /// <summary>A value of the parameter that works.</summary>
    public string? Example { get; init; }

    /// <summary>For 503: when to come back.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiProblem BadParameter(string parameter, string detail, string example) =>
        new(400, "bad-parameter", $"Parameter '{parameter}' is not usable", detail)
        {
            Parameter = parameter,
            Example = example,
        };
}
