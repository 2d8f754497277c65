using System.Text.Json;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>What <c>POST statistics</c> asks: series, each with its limits, and a range.</summary>
internal static class StatisticsQuestion
{
    private const string Example = """{"series": [{"device": "press-07", "sensor": "temperature", "low": 40, "high": 80}], "from": "now-1d"}""";

    /// <exception cref="ApiProblem">The body is not usable.</exception>
    public static async Task<(IReadOnlyList<StatisticsSeries> Series, TimeRange Range)> ReadAsync(ApiRequest request)
    {
        using var body = await JsonBody.ReadAsync(request, SeriesQuestion.BodyBytesMax, Bad);
        var root = body.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("series", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw Bad("The body is an object with the array 'series'.");
        }

        if (root.EnumerateObject().FirstOrDefault(member => member.Name is not ("series" or "from" or "to")) is { Value.ValueKind: not JsonValueKind.Undefined } other)
        {
            throw Bad($"'{other.Name}' is not usable. There are series, from and to.");
        }

        if (list.GetArrayLength() is 0 || list.GetArrayLength() > request.Options.GroupsMax)
        {
            throw Bad($"'series' is an array of 1 to {request.Options.GroupsMax} objects.");
        }

        var series = list.EnumerateArray().Select(Read).ToArray();
        return series.DistinctBy(s => s.Name).Count() == series.Length
            ? (series, SeriesQuestion.RangeOf(request, TextOf(root, "from"), TextOf(root, "to")))
            : throw Bad("A series is named twice.");
    }

    private static StatisticsSeries Read(JsonElement item, int index)
    {
        var name = SeriesQuestion.NameIn(item) ?? throw Bad($"series[{index}] needs 'device' and 'sensor', and may have 'low' and 'high'.");
        if (item.EnumerateObject().Any(member => member.Name is not ("device" or "sensor" or "low" or "high")))
        {
            throw Bad($"series[{index}] has more than 'device', 'sensor', 'low' and 'high'.");
        }

        var (low, high) = (LimitOf(item, "low", index), LimitOf(item, "high", index));
        return low > high ? throw Bad($"series[{index}].low ({low}) is above its high ({high}).") : new StatisticsSeries(name, low, high);
    }

    private static double? LimitOf(JsonElement item, string member, int index) =>
        !item.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()) ? value.GetDouble()
        : throw Bad($"series[{index}].{member} is not a number.");

    private static string? TextOf(JsonElement root, string member) =>
        !root.TryGetProperty(member, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Bad($"'{member}' is a time such as {Contracts.Text.TimeText.Example}.");

    private static ApiProblem Bad(string detail) => new(400, "bad-query", "The query is not usable", detail) { Example = Example };
}
