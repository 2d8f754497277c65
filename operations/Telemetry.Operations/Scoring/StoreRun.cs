using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Simulator.Machines;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Operations.Scoring;

/// <summary>Scores what a running platform found: the incidents of its store against the labels that its simulator wrote.</summary>
public static class StoreRun
{
    private const string Incidents =
        """
        SELECT device, sensor, id, toUnixTimestamp64Micro(min(last_time)), argMin(kind, revision), max(score), argMax(text, revision)
        FROM (SELECT device, id, revision, kind, score, last_time, text, arrayJoin(if(empty(sensors), [''], sensors)) AS sensor
              FROM incidents_data WHERE event_time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND event_time < fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
        GROUP BY device, sensor, id ORDER BY device, 4
        SETTINGS max_result_rows = 0, max_execution_time = 0
        """;

    private const string Devices =
        """
        SELECT device, toUnixTimestamp64Micro(min(event_time)), toUnixTimestamp64Micro(max(event_time)), count() FROM readings_data
        WHERE event_time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND event_time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
        GROUP BY device ORDER BY device
        SETTINGS max_result_rows = 0, max_execution_time = 0
        """;

    /// <summary>Reads and scores.</summary>
    /// <param name="clickHouse">The store.</param>
    /// <param name="labelFile">The simulator's labels.</param>
    /// <param name="from">Start of the span.</param>
    /// <param name="to">Its end.</param>
    /// <param name="readingInterval">Time between two readings of one device.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="FormatException">The file holds something else.</exception>
    public static async Task<ScoreReport> RunAsync(
        IClickHouse clickHouse, string labelFile, DateTimeOffset from, DateTimeOffset to, TimeSpan readingInterval, CancellationToken cancellationToken)
    {
        var labels = LabelFile.Read(labelFile);
        KeyValuePair<string, string>[] span =
        [
            new("from", UnixMicros.From(from).ToString(CultureInfo.InvariantCulture)),
            new("to", UnixMicros.From(to).ToString(CultureInfo.InvariantCulture)),
        ];
        var alarms = new Dictionary<string, List<ScoredAlarm>>();
        foreach (var row in await clickHouse.QueryRowsAsync(Incidents, span, cancellationToken, QueryKind.Batch))
        {
            var device = row[0];
            if (!alarms.TryGetValue(device, out var list))
            {
                alarms.Add(device, list = []);
            }

            list.Add(new ScoredAlarm(row[1], Number(row[3]), row[4], double.Parse(row[5], CultureInfo.InvariantCulture)) { Text = row[6] });
        }

        var board = new ScoreBoard((long)readingInterval.TotalMicroseconds);
        var readings = 0L;
        var devices = await clickHouse.QueryRowsAsync(Devices, span, cancellationToken, QueryKind.Batch);

        // A device that is silent at the end is watched as long as the others are: its last reading is where its fault begins.
        var endUs = devices.Count == 0 ? 0 : devices.Max(row => Number(row[2]));
        foreach (var row in devices)
        {
            var device = row[0];
            readings += Number(row[3]);
            var startUs = Number(row[1]);
            List<PlayedLabel> played = [.. labels.GetValueOrDefault(device, []).Where(l => l.StartUs >= startUs && l.StartUs < endUs)];
            board.Add(new ScoredDevice(
                device, startUs, endUs, played, alarms.GetValueOrDefault(device) ?? [], IsFaultFree: !played.Exists(l => l.IsFault)));
        }

        return ScoreReport.Of(board, null, readings, TimeSpan.Zero);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
