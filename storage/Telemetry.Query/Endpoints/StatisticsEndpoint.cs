using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Figures of every reading of a series in a range, and of many series at once.</summary>
internal static class StatisticsEndpoint
{
    private const string What =
        "Over the raw readings: readings (all), uncertain, bad, notFinite; and of those that are finite and not bad, counted in 'used': min, max, mean, "
        + "deviation (standard deviation of the population), p05, p50, p95 (t-digest), within (share from 'low' to 'high', limits included; null without "
        + "limits). null where nothing is used.";

    private static readonly ParameterSpec Low = new("low", "Lower limit, for the share of readings within limits.", "40");

    private static readonly ParameterSpec High = new("high", "Upper limit, for the share of readings within limits.", "80");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "statistics", "/statistics", "Figures of a series over a range", What,
            [CommonParameters.Device with { Required = true }, CommonParameters.Sensor with { Required = true }, CommonParameters.From, CommonParameters.To, Low, High],
            ApiEndpoint.Json,
            OneAsync),
        new(
            "statisticsOfMany", "/statistics", "Figures of many series over a range",
            "Body: {\"series\": [{\"device\", \"sensor\", \"low\", \"high\"}, ...], \"from\", \"to\"}; the limits may be left out. " + What,
            [], ApiEndpoint.Json, ManyAsync)
        {
            Method = HttpMethods.Post,
        },
    ];

    private static async Task OneAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var range = parameters.Range(TimeSpan.FromHours(1));
        var (low, high) = (Limit(parameters, Low), Limit(parameters, High));
        if (low > high)
        {
            throw ApiProblem.BadParameter("low", $"'low' ({low}) is above 'high' ({high}).", "low=40&high=80");
        }

        var name = new SeriesName(parameters.RequiredName(CommonParameters.Device), parameters.RequiredName(CommonParameters.Sensor));
        var meta = await request.MetaAsync();
        var figures = await SeriesStatistics.ReadAsync(request, [new StatisticsSeries(name, low, high)], range);
        await using var writer = Begin(request, meta, range);
        figures.Write(writer, 0);
        writer.WriteEndObject();
    }

    private static async Task ManyAsync(ApiRequest request)
    {
        var (series, range) = await StatisticsQuestion.ReadAsync(request);
        var meta = await request.MetaAsync();
        var figures = await SeriesStatistics.ReadAsync(request, series, range);
        await using var writer = Begin(request, meta, range);
        writer.WriteStartArray("series");
        for (var i = 0; i < series.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("device", series[i].Name.Device);
            writer.WriteString("sensor", series[i].Name.Sensor);
            figures.Write(writer, i);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, series.Count);
    }

    private static Utf8JsonWriter Begin(ApiRequest request, AnswerMeta meta, TimeRange range)
    {
        request.Response.ContentType = "application/json";
        var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: false);
        writer.WriteString("from", TimeText.Format(range.From));
        writer.WriteString("to", TimeText.Format(range.To));
        return writer;
    }

    private static double? Limit(ApiParameters parameters, ParameterSpec spec) => parameters.Text(spec) switch
    {
        null => null,
        { } text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) => value,
        { } text => throw ApiProblem.BadParameter(spec.Name, $"'{text}' is not a number.", spec.Example),
    };
}
