using System.Text.Json;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Query.Series;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Endpoints;

/// <summary>What <c>POST query</c> asks: many series on one time axis.</summary>
/// <param name="Series">The series, in the order of the answer.</param>
/// <param name="Range">Event times.</param>
/// <param name="Step">Bucket.</param>
/// <param name="Points">Points of each series.</param>
/// <param name="Quantiles">Quantiles of each bucket; may be none.</param>
/// <param name="Zone">Time zone in which days begin; null: UTC.</param>
/// <param name="MayBeSingle">True: single readings where no series has more than points.</param>
/// <param name="Before">The same length of time this long before is asked for too; null: it is not.</param>
internal sealed record SeriesQuestion(
    IReadOnlyList<SeriesName> Series, TimeRange Range, Step Step, int Points, IReadOnlyList<double> Quantiles, string? Zone, bool MayBeSingle, ComparedSpan? Before)
{
    public const int BodyBytesMax = 64 * 1024;

    private const int QuantilesMax = 10;
    private static readonly TimeSpan BeforeMax = TimeSpan.FromDays(1_000);

    private const string Example =
        """{"series": [{"device": "press-07", "sensor": "temperature"}, {"device": "press-08", "sensor": "temperature"}], "from": "now-1d", "points": 500}""";

    public static async Task<SeriesQuestion> ReadAsync(ApiRequest request)
    {
        using var body = await JsonBody.ReadAsync(request, BodyBytesMax, Bad);
        var root = body.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Bad("The body is an object with the array 'series'.");
        }

        SeriesName[] series = [];
        double[] quantiles = [];
        var (from, to, step, points) = ((string?)null, (string?)null, "auto", request.Options.PointsDefault);
        var (zone, mayBeSingle, before) = ((string?)null, false, (ComparedSpan?)null);
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "series":
                    series = ReadSeries(member.Value, request.Options);
                    break;
                case "from" when member.Value.ValueKind == JsonValueKind.String:
                    from = member.Value.GetString();
                    break;
                case "to" when member.Value.ValueKind == JsonValueKind.String:
                    to = member.Value.GetString();
                    break;
                case "step" when member.Value.ValueKind == JsonValueKind.String:
                    step = member.Value.GetString()!;
                    break;
                case "points" when member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out var number) && number >= 2 && number <= request.Options.PointsMax:
                    points = number;
                    break;
                case "tz" when member.Value.ValueKind == JsonValueKind.String:
                    zone = member.Value.GetString();
                    break;
                case "singleReadings" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    mayBeSingle = member.Value.GetBoolean();
                    break;
                case "quantiles":
                    quantiles = ReadQuantiles(member.Value);
                    break;
                case "before" when member.Value.ValueKind == JsonValueKind.String:
                    before = ReadBefore(member.Value.GetString()!);
                    break;
                default:
                    throw Bad(
                        $"'{member.Name}' is not usable. There are series, from and to (times such as {Contracts.Text.TimeText.Example}), step (auto, raw or a duration), "
                        + $"tz (a time zone), points (2 to {request.Options.PointsMax}), singleReadings (true or false), quantiles (numbers between 0 and 1) and before (a duration).");
            }
        }

        if (series.Length == 0)
        {
            throw Bad("'series' is missing: which ones?");
        }

        if (!Parameters.Step.TryParse(step, out var asked) || (asked.Kind == StepKind.Raw && quantiles.Length > 0))
        {
            throw Bad(asked.Kind == StepKind.Raw ? "Single readings have no quantiles: leave 'quantiles' or \"step\": \"raw\" out." : $"'{step}' is not auto, raw or a duration of 1 ms to 366 days.");
        }

        if (mayBeSingle && quantiles.Length > 0)
        {
            throw Bad("Single readings have no quantiles: leave 'quantiles' or 'singleReadings' out.");
        }

        return new SeriesQuestion(series, RangeOf(request, from, to), asked, points, quantiles, zone, mayBeSingle, before);
    }

    public static TimeRange RangeOf(ApiRequest request, string? from, string? to)
    {
        var now = Contracts.Measurement.UnixMicros.From(request.Parameters.Now);
        var range = new TimeRange(request.Parameters.TimeOf("from", from) ?? (now - Step.Hour), request.Parameters.TimeOf("to", to) ?? now);
        return range.From < range.To ? range : throw Bad("'from' is not before 'to'.");
    }

    private static SeriesName[] ReadSeries(JsonElement list, QueryOptions options)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > options.GroupsMax)
        {
            throw Bad($"'series' is an array of at most {options.GroupsMax} objects with 'device' and 'sensor'.");
        }

        var series = list.EnumerateArray().Select(Name).ToArray();
        return series.Distinct().Count() == series.Length ? series : throw Bad("A series is named twice.");
    }

    private static ComparedSpan ReadBefore(string text) =>
        DurationText.TryParse(text, out var before) && before > TimeSpan.Zero && before <= BeforeMax
            ? new ComparedSpan(text, UnixMicros.From(before))
            : throw Bad($"'before' is how long before: a duration of up to {BeforeMax.TotalDays:0} days, such as 1d or 7d.");

    private static SeriesName Name(JsonElement item, int index)
    {
        return NameIn(item) is { } name && item.GetPropertyCount() == 2
            ? name
            : throw Bad($"series[{index}] needs 'device' ({ReadingNames.DeviceRule}) and 'sensor' ({ReadingNames.SensorRule}), and nothing else.");
    }

    /// <summary>The series that an object names with 'device' and 'sensor'; null: it names none.</summary>
    public static SeriesName? NameIn(JsonElement item)
    {
        var (device, sensor) = item.ValueKind == JsonValueKind.Object ? (Text("device"), Text("sensor")) : ("", "");
        return ReadingNames.IsDevice(System.Text.Encoding.UTF8.GetBytes(device)) && ReadingNames.IsSensor(System.Text.Encoding.UTF8.GetBytes(sensor))
            ? new SeriesName(device, sensor)
            : null;

        string Text(string member) => item.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }

    private static double[] ReadQuantiles(JsonElement list)
    {
        var isList = list.ValueKind == JsonValueKind.Array && list.GetArrayLength() <= QuantilesMax;
        var values = isList ? list.EnumerateArray().Select(q => q.ValueKind == JsonValueKind.Number ? q.GetDouble() : double.NaN).ToArray() : [];
        return isList && values.All(q => q is >= 0 and <= 1) && values.Select(q => Math.Round(q, 6)).Distinct().Count() == values.Length
            ? [.. values.Select(q => Math.Round(q, 6))]
            : throw Bad($"'quantiles' is an array of at most {QuantilesMax} different numbers between 0 and 1.");
    }

    public static ApiProblem Bad(string detail) => new(400, "bad-query", "The query is not usable", detail) { Example = Example };
}
