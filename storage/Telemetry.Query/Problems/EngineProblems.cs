using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Problems;

/// <summary>Turns what the engine says into what the asker can do.</summary>
internal static class EngineProblems
{
    // ClickHouse error codes: src/Common/ErrorCodes.cpp.
    private const int TooManyRows = 158;
    private const int TimeoutExceeded = 159;
    private const int TooSlow = 160;
    private const int MemoryLimitExceeded = 241;
    private const int TooManySimultaneousQueries = 202;
    private const int TooManyRowsOrBytes = 396;

    public static ApiProblem From(ClickHouseException error, QueryOptions options) => error.Code switch
    {
        TimeoutExceeded or TooSlow => Limit(
            "query-time-limit",
            $"The query did not finish within {options.QueryTimeMax.TotalSeconds:0.###} s and was stopped"),
        MemoryLimitExceeded => Limit(
            "query-memory-limit", $"The query needed more than {options.QueryMemoryMax >> 20} MiB and was stopped"),
        TooManyRows or TooManyRowsOrBytes => Limit(
            "query-rows-limit", $"The query would read more than {options.RowsReadMax:N0} stored rows and was stopped"),
        TooManySimultaneousQueries or 0 => new ApiProblem(
            503, "store-unavailable", "The store does not answer", "The store is down or overloaded. Try again in a moment.")
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        },
        _ => new ApiProblem(
            500, "store-error", "The store refused the query", $"The store answered with error code {error.Code}. It is logged."),
    };

    private static ApiProblem Limit(string code, string what) => new(
        422, code, "The question is too large", what + ". Ask for a shorter time range, one device, or a coarser step.");
}
