using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Figures of every reading of a series in a range.</summary>
internal static class StatisticsEndpoint
{
    private static readonly ParameterSpec Low = new("low", "Lower limit, for the share of readings within limits.", "40");

    private static readonly ParameterSpec High = new("high", "Upper limit, for the share of readings within limits.", "80");

    public static readonly ApiEndpoint Endpoint = new(
        "statistics",
        "/statistics",
        "Figures of a series over a range",
        "Over the raw readings: readings (all), uncertain, bad, notFinite; and of those that are finite and not bad, counted in 'used': min, max, mean, "
        + "deviation (standard deviation of the population), p05, p50, p95 (t-digest), within (share from 'low' to 'high', limits included; null without "
        + "limits). null where nothing is used.",
        [CommonParameters.Device with { Required = true }, CommonParameters.Sensor with { Required = true }, CommonParameters.From, CommonParameters.To, Low, High],
        ApiEndpoint.Json,
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var range = parameters.Range(TimeSpan.FromHours(1));
        var (low, high) = (Limit(parameters, Low), Limit(parameters, High));
        if (low > high)
        {
            throw ApiProblem.BadParameter("low", $"'low' ({low}) is above 'high' ({high}).", "low=40&high=80");
        }

        var filters = new Filters()
            .Equal("device", "String", parameters.RequiredName(CommonParameters.Device))
            .Equal("sensor", "String", parameters.RequiredName(CommonParameters.Sensor))
            .Within("event_time", range)
            .Value("low", Text(low ?? double.NegativeInfinity))
            .Value("high", Text(high ?? double.PositiveInfinity));
        var meta = await request.MetaAsync();
        var row = JsonRows.Parse(await request.QueryAsync(
            "SELECT count(), countIf(quality = 1), countIf(quality = 2), countIf(NOT isFinite(value)), countIf(used), "
            + "countIf(used AND value >= {low:Float64} AND value <= {high:Float64}), toString(minIf(value, used)), toString(maxIf(value, used)), toString(avgIf(value, used)), "
            + "toString(stddevPopStableIf(value, used)), arrayMap(q -> toString(q), quantilesTDigestIf(0.05, 0.5, 0.95)(value, used)) "
            + $"FROM (SELECT value, quality, isFinite(value) AND quality != 2 AS used FROM readings_data {filters.Where})",
            filters.Values,
            "JSONCompactEachRow"))[0];
        var used = row[4].GetInt64();
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: false);
        writer.WriteString("from", TimeText.Format(range.From));
        writer.WriteString("to", TimeText.Format(range.To));
        writer.WriteNumber("readings", row[0].GetInt64());
        writer.WriteNumber("uncertain", row[1].GetInt64());
        writer.WriteNumber("bad", row[2].GetInt64());
        writer.WriteNumber("notFinite", row[3].GetInt64());
        writer.WriteNumber("used", used);
        Figures(writer, row, used);
        JsonValues.Number(writer, "within", used > 0 && (low ?? high) is not null ? row[5].GetInt64() / (double)used : double.NaN);
        writer.WriteEndObject();
    }

    private static void Figures(Utf8JsonWriter writer, JsonElement row, long used)
    {
        string?[] texts = [row[6].GetString(), row[7].GetString(), row[8].GetString(), row[9].GetString(), .. row[10].EnumerateArray().Select(q => q.GetString())];
        string[] names = ["min", "max", "mean", "deviation", "p05", "p50", "p95"];
        for (var i = 0; i < names.Length; i++)
        {
            JsonValues.Number(writer, names[i], used > 0 ? EngineNumbers.Parse(texts[i]!) : double.NaN);
        }
    }

    private static double? Limit(ApiParameters parameters, ParameterSpec spec) => parameters.Text(spec) switch
    {
        null => null,
        { } text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) => value,
        { } text => throw ApiProblem.BadParameter(spec.Name, $"'{text}' is not a number.", spec.Example),
    };

    private static string Text(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : value > 0 ? "inf" : "-inf";
}
