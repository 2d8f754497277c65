using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Computes every bucket of every rollup from the readings of the log, quantiles too, and compares the tables with it.</summary>
internal static class RollupProof
{
    /// <summary>
    /// A quantile is off by at most this share of itself: the engine's sketch of accuracy 0.01 gives 1.01 times the lower bound of a bucket, and
    /// of two buckets that meet, each (1 + 0.01) / (1 - 0.01) wide, it may take the upper one.
    /// </summary>
    private const double SketchError = (1.01 / 0.99 * 1.01) - 1;
    private const double SketchMin = 1e-12;
    private const double SketchMax = 1e18;
    private static readonly double[] Levels = [0.5, 0.95, 0.99];

    public static async Task CompareAsync(ExpectedReadings expected, IClickHouse clickHouse, Action<string> differs)
    {
        await CompareAsync(expected, clickHouse, "readings_1m", 60, differs);
        await CompareAsync(expected, clickHouse, "readings_1h", 3_600, differs);
        await CompareAsync(expected, clickHouse, "readings_1d", 86_400, differs);
        await CompareFleetsAsync(expected, clickHouse, "readings_1m", 60, differs);
        await CompareFleetsAsync(expected, clickHouse, "readings_1h", 3_600, differs);
        await CompareLatestAsync(expected, clickHouse, differs);
    }

    /// <summary>The rows of all devices of a sensor, from when on there are any.</summary>
    private static async Task CompareFleetsAsync(
        ExpectedReadings expected, IClickHouse clickHouse, string table, long seconds, Action<string> differs)
    {
        var floors = await clickHouse.QueryRowsAsync("SELECT toUnixTimestamp(max(complete_from)) FROM horizon_floors WHERE table = 'fleet'", null, CancellationToken.None);
        var floor = long.Parse(floors[0][0], CultureInfo.InvariantCulture);
        var buckets = expected.All.Values
            .GroupBy(r => (r.Sensor, Start: r.TimeUs / 1_000_000 / seconds * seconds))
            .Where(g => g.Key.Start >= floor)
            .ToDictionary(g => g.Key, g => g.ToList());
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT sensor, '', toUnixTimestamp(ts), sum(n), sum(n_finite), min(vmin), max(vmax), sum(vsum), "
            + $"{(table == "readings_1m" ? "''" : "sum(vsq)")}, "
            + "toUnixTimestamp64Micro(tupleElement(min(first_reading), 1)), '', toUnixTimestamp64Micro(tupleElement(max(last_reading), 1)), '' "
            + $"FROM {table}_fleet_data WHERE toUnixTimestamp(ts) >= {floor} GROUP BY sensor, ts SETTINGS max_result_rows = 0",
            null,
            CancellationToken.None);
        foreach (var row in rows)
        {
            var key = (row[0], long.Parse(row[2], CultureInfo.InvariantCulture));
            if (!buckets.Remove(key, out var readings))
            {
                differs($"{table} has a bucket {key} of all devices from nowhere");
            }
            else if (Compare(readings, row) is { } difference)
            {
                differs($"{table} {key} of all devices: {difference}");
            }
        }

        if (buckets.Count > 0)
        {
            differs($"{table} lacks {buckets.Count} buckets of all devices, for example {buckets.Keys.First()}");
        }
    }

    private static async Task CompareAsync(
        ExpectedReadings expected, IClickHouse clickHouse, string table, long seconds, Action<string> differs)
    {
        var buckets = expected.All.Values
            .GroupBy(r => (r.Sensor, r.Id.Device, Start: r.TimeUs / 1_000_000 / seconds * seconds))
            .ToDictionary(g => g.Key, g => g.ToList());
        var sketch = table != "readings_1d" ? "" : ", arrayMap(x -> toString(x), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(q))";
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT sensor, device, toUnixTimestamp(ts), sum(n), sum(n_finite), min(vmin), max(vmax), sum(vsum), "
            + $"{(table == "readings_1m" ? "''" : "sum(vsq)")}, "
            + "toUnixTimestamp64Micro(tupleElement(min(first_reading), 1)), tupleElement(min(first_reading), -1), "
            + $"toUnixTimestamp64Micro(tupleElement(max(last_reading), 1)), tupleElement(max(last_reading), -1){sketch} FROM {table}_data "
            + "GROUP BY sensor, device, ts SETTINGS max_result_rows = 0",
            null,
            CancellationToken.None);
        foreach (var row in rows)
        {
            var key = (row[0], row[1], long.Parse(row[2], CultureInfo.InvariantCulture));
            if (!buckets.Remove(key, out var readings))
            {
                differs($"{table} has a bucket {key} from nowhere");
            }
            else if (Compare(readings, row) is { } difference)
            {
                differs($"{table} {key}: {difference}");
            }
        }

        if (buckets.Count > 0)
        {
            differs($"{table} lacks {buckets.Count} buckets, for example {buckets.Keys.First()}");
        }
    }

    private static string? Compare(List<ExpectedReading> readings, string[] row)
    {
        var finite = readings.Where(r => double.IsFinite(r.Value)).OrderBy(r => r.TimeUs).ThenBy(r => r.Id.Sequence).ThenBy(r => r.Value).ToList();
        if (long.Parse(row[3], CultureInfo.InvariantCulture) != readings.Count)
        {
            return $"counts {row[3]} readings instead of {readings.Count}";
        }

        if (long.Parse(row[4], CultureInfo.InvariantCulture) != finite.Count)
        {
            return $"counts {row[4]} finite readings instead of {finite.Count}";
        }

        if (finite.Count == 0)
        {
            return null;
        }

        var (low, high) = (finite.Min(r => r.Value), finite.Max(r => r.Value));
        if (Number(row[5]) != low || Number(row[6]) != high)
        {
            return $"reaches from {row[5]} to {row[6]} instead of from {low:R} to {high:R}";
        }

        if (!Close(Number(row[7]), Sum(finite.Select(r => r.Value)), finite.Sum(r => Math.Abs(r.Value))))
        {
            return $"has the sum {row[7]} instead of {Sum(finite.Select(r => r.Value)):R}";
        }

        if (row[8].Length > 0 && !Close(Number(row[8]), Sum(finite.Select(r => r.Value * r.Value)), finite.Sum(r => r.Value * r.Value)))
        {
            return $"has the sum of squares {row[8]} instead of {Sum(finite.Select(r => r.Value * r.Value)):R}";
        }

        return End(finite[0], row[9], row[10], "first") ?? End(finite[^1], row[11], row[12], "last")
            ?? (row.Length > 13 ? Quantiles(finite, row[13]) : null);
    }

    /// <summary>Readings of several devices may have the same time and number, so of all devices together only the time is known.</summary>
    private static string? End(ExpectedReading reading, string time, string value, string which) =>
        time == Text(reading.TimeUs) && (value.Length == 0 || reading.Value == Number(value))
            ? null
            : $"has {value} at {time} as its {which} value instead of {reading.Value:R} at {reading.TimeUs}";

    /// <summary>A quantile lies between two neighbours in order of size, or within the sketch's error of one of them.</summary>
    private static string? Quantiles(List<ExpectedReading> finite, string text)
    {
        var found = text.Trim('[', ']').Split(',').Select(t => Number(t.Trim('\''))).ToArray();
        var sorted = finite.Select(r => Math.Abs(r.Value) < SketchMin ? 0 : Math.Clamp(r.Value, -SketchMax, SketchMax)).Order().ToArray();
        for (var i = 0; i < Levels.Length; i++)
        {
            var rank = Levels[i] * (sorted.Length - 1);
            var (low, high) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
            if (found[i] < low - (Math.Abs(low) * SketchError * 1.001) - SketchMin || found[i] > high + (Math.Abs(high) * SketchError * 1.001) + SketchMin)
            {
                return $"has the quantile {Levels[i]} as {found[i]:R}, and it lies between {low:R} and {high:R}";
            }
        }

        return null;
    }

    private static async Task CompareLatestAsync(ExpectedReadings expected, IClickHouse clickHouse, Action<string> differs)
    {
        var series = expected.All.Values.GroupBy(r => (r.Sensor, r.Id.Device)).ToDictionary(
            g => g.Key, g => (Count: g.LongCount(), Newest: g.OrderBy(r => r.TimeUs).ThenBy(r => r.Id.Sequence).Last()));
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT sensor, device, sum(n), toUnixTimestamp64Micro(tupleElement(max(last), 1)), tupleElement(max(last), 2), "
            + "toString(reinterpretAsUInt64(tupleElement(max(last), 3))), tupleElement(max(last), 4) FROM readings_last_data GROUP BY sensor, device",
            null,
            CancellationToken.None);
        foreach (var row in rows)
        {
            if (!series.Remove((row[0], row[1]), out var one))
            {
                differs($"readings_last has the series {row[0]} of {row[1]} from nowhere");
                continue;
            }

            var newest = one.Newest;
            string[] wanted =
            [
                row[0], row[1], Text(one.Count), Text(newest.TimeUs), newest.Id.Sequence.ToString(CultureInfo.InvariantCulture),
                BitConverter.DoubleToUInt64Bits(newest.Value).ToString(CultureInfo.InvariantCulture), Text(newest.Quality),
            ];
            if (!row.SequenceEqual(wanted))
            {
                differs($"readings_last has {string.Join(' ', row)} instead of {string.Join(' ', wanted)}");
            }
        }

        if (series.Count > 0)
        {
            differs($"readings_last lacks {series.Count} series, for example {series.Keys.First()}");
        }
    }

    /// <summary>Kahan's sum: what the order of additions costs is not ours.</summary>
    private static double Sum(IEnumerable<double> values)
    {
        var (sum, lost) = (0.0, 0.0);
        foreach (var value in values)
        {
            var next = value - lost;
            var to = sum + next;
            lost = to - sum - next;
            sum = to;
        }

        return sum;
    }

    /// <summary>Sums beyond what a number holds prove nothing.</summary>
    private static bool Close(double found, double wanted, double magnitude) =>
        !double.IsFinite(magnitude) || Math.Abs(found - wanted) <= 1e-12 * magnitude;

    private static double Number(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
