using System.Globalization;
using System.Text.Json;
using Telemetry.Query.Answers;
using Telemetry.Query.Limits;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Series;

/// <summary>
/// Buckets of whole days that begin at midnight of a time zone, by the engine's own table of zones. A day has 23 or 25 hours where clocks change. The hour rollup fills
/// such days, but for the hours in which a day begins where midnight is at no whole hour of UTC (India, Nepal): those are read from <see cref="Fine"/>.
/// </summary>
/// <param name="Zone">Name of the zone: Asia/Kolkata.</param>
/// <param name="Days">Days a bucket, counted from 1970-01-01.</param>
/// <param name="Range">What the buckets cover, microseconds.</param>
/// <param name="IsWholeHours">True: each begins at a whole hour of UTC.</param>
internal sealed record ZoneDays(string Zone, long Days, TimeRange Range, bool IsWholeHours)
{
    private const int NameMax = 64;

    // Beyond the hour that a change of clocks takes from a day's beginning, and still in it.
    private const string IntoTheDay = "toIntervalHour(6)";

    private static readonly ParameterSpec Parameter = CommonParameters.Zone;

    /// <summary>What the hours in which a day begins are read from; null: no hour needs to be divided, or neither minutes nor raw reach back so far.</summary>
    public SeriesSource? Fine { get; init; }

    /// <summary>Whole days of the zone around the range.</summary>
    /// <exception cref="ApiProblem">The engine knows no such zone.</exception>
    public static async ValueTask<ZoneDays> AroundAsync(StoreReader store, string zone, long days, TimeRange range)
    {
        var isName = zone.Length <= NameMax && zone.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '/' or '+' or '-');
        var known = isName
            ? JsonRows.Parse(await store.QueryAsync("SELECT count() FROM system.time_zones WHERE time_zone = {zone:String}", [new("zone", zone)], "JSONCompactEachRow"))[0]
            : default;
        if (!isName || Whole(known[0]) == 0)
        {
            throw ApiProblem.BadParameter(Parameter.Name, $"'{(zone.Length <= NameMax ? zone : zone[..NameMax])}' is not the name of a time zone (IANA).", Parameter.Example);
        }

        var begin = new ZoneDays(zone, days, range, true);
        string Next(string start, string count) => begin.Start($"addDays({start}, {count}) + {IntoTheDay}");
        var sql =
            $"WITH {begin.Start("toDateTime({from:Int64}, 'UTC')")} AS day_from, {begin.Start("toDateTime({to:Int64}, 'UTC')")} AS day_last, {Next("day_last", Text(days))} AS day_to "
            + "SELECT toInt64(toUnixTimestamp(day_from)), toInt64(toUnixTimestamp(day_to)), "
            + $"toInt64(arrayAll(i -> toUnixTimestamp({Next("day_from", $"i * {Text(days)}")}) % 3600 = 0, range(toUInt64({{count:Int64}}))))";
        var row = JsonRows.Parse(await store.QueryAsync(
            sql,
            [
                new("from", Text(range.From / Step.Second)), new("to", Text((range.To - 1) / Step.Second)),
                new("count", Text(((range.Length + (days * Step.Day) - 1) / (days * Step.Day)) + 2)),
            ],
            "JSONCompactEachRow"))[0];
        return new ZoneDays(zone, days, new TimeRange(Whole(row[0]) * Step.Second, Whole(row[1]) * Step.Second), Whole(row[2]) != 0);
    }

    /// <summary>SQL of the start of the bucket that a row is in, microseconds since 1970.</summary>
    public string Bucket(SeriesSource source) => $"toInt64(toUnixTimestamp({Start(TimeOf(source))})) * 1000000";

    /// <summary>SQL that is true for rows of hours in which no day begins, but at their start.</summary>
    public string IsUndivided(SeriesSource source)
    {
        var hour = $"toStartOfHour({TimeOf(source)}, 'UTC')";
        return $"{Start(hour)} = {Start($"{hour} + 3599")}";
    }

    private static string TimeOf(SeriesSource source) => source == SeriesSource.Raw ? "toDateTime(event_time, 'UTC')" : "ts";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Whole(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetInt64();

    private string Start(string time) => $"toStartOfInterval({time}, INTERVAL {Text(Days)} DAY, {EngineText.Quote(Zone)})";
}
