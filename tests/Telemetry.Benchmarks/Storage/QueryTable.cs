using System.Globalization;

namespace Telemetry.Benchmarks.Storage;

/// <summary>
/// Asks a running platform, over its API, the questions of the documentation's table, with 1 and with 16 clients at once. Each question is for
/// another device, sensor or day each time, so that no answer is a copy of the one before.
/// </summary>
internal sealed class QueryTable(Uri api, int devices, int sensors, TimeSpan each) : IDisposable
{
    private static readonly int[] Clients = [1, 16];
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly HttpClient _http = new() { BaseAddress = api, Timeout = TimeSpan.FromMinutes(5) };

    /// <param name="to">Where the table goes.</param>
    /// <param name="address">Where HTTP is served.</param>
    /// <param name="devices">Devices of the store, as <see cref="QueryStore"/> names them.</param>
    /// <param name="sensors">Sensors of each.</param>
    /// <param name="seconds">For each line and number of clients.</param>
    /// <param name="only">Only questions with this in their name.</param>
    public static async Task PrintAsync(TextWriter to, string address, int devices, int sensors, int seconds, string only)
    {
        using var table = new QueryTable(new Uri(address), devices, sensors, TimeSpan.FromSeconds(seconds));
        await table.WaitUntilReadyAsync();
        to.WriteLine("| question | clients | asked | p50 ms | p99 ms | bytes an answer |\n|---|---|---|---|---|---|");
        foreach (var (name, question) in table.Questions().Where(q => q.Name.Contains(only, StringComparison.Ordinal)))
        {
            await table.AskAsync(question(new Random(1)));
            foreach (var clients in Clients)
            {
                to.WriteLine(await table.LineAsync(name, question, clients));
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private IEnumerable<(string Name, Func<Random, string> Question)> Questions()
    {
        string Device(Random random) => QueryStore.Device(random.Next(devices));
        string Hour(Random random, int ago) => Text($"sensors/{Sensor(random)}/series?from=now-{ago + 60}m&to=now-{ago}m&step=1m");
        string Sensor(Random random) => Text($"sensor-{random.Next(sensors)}");
        yield return ("newest value of a sensor at all devices", r => Text($"latest?sensor={Sensor(r)}&limit=10000"));
        yield return ("a device's day, single readings", r => Text($"series?device={Device(r)}&sensor={Sensor(r)}&from=now-1d&step=raw"));
        yield return ("a device's day, 500 points", r => Text($"series?device={Device(r)}&sensor={Sensor(r)}&from=now-1d&points=500"));
        yield return ("a sensor over all devices, one hour by minutes", r => Hour(r, 60 + r.Next(60)));
        yield return ("a sensor over all devices, the last hour by minutes", r => Text($"sensors/{Sensor(r)}/series?from=now-1h&step=1m"));
        yield return ("a sensor over all devices, one day by minutes", r => Text($"sensors/{Sensor(r)}/series?from=now-{25 + r.Next(3)}h&to=now-1h&step=1m"));
        yield return ("a sensor over all devices, 30 days by hours", r => Text($"sensors/{Sensor(r)}/series?from=now-{30 + r.Next(300)}d&to=now-{r.Next(30)}d&step=1h&points=20000"));
        yield return ("trend of two years, by days", r => Text($"series?device={Device(r)}&sensor={Sensor(r)}&from=now-730d&step=1d"));
        yield return ("trend of two years, all devices", r => Text($"sensors/{Sensor(r)}/series?from=now-730d&step=1d"));
        yield return ("top 10 devices by a day's maximum", r => "top " + Text($"{Sensor(r)} {r.Next(1, 3)}"));
        yield return ("alarms of a month", r => Text($"alarms/history?from=now-{30 + r.Next(600)}d&to=now-{r.Next(30)}d&limit=1000"));
        yield return ("export of a device's year, CSV", r => Text($"export?device={Device(r)}&sensor={Sensor(r)}&from=now-365d"));
    }

    /// <summary>The platform has recovered and serves.</summary>
    private async Task WaitUntilReadyAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await timer.WaitForNextTickAsync())
        {
            try
            {
                using var response = await _http.GetAsync("/readyz");
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(began) < StartLimit)
            {
                continue; // It does not listen yet.
            }
        }
    }

    private async Task<string> LineAsync(string name, Func<Random, string> question, int clients)
    {
        var began = TimeProvider.System.GetTimestamp();
        var asked = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            var random = new Random(client + 7);
            var times = new List<(double Ms, long Bytes)>();
            do
            {
                var start = TimeProvider.System.GetTimestamp();
                var bytes = await AskAsync(question(random));
                times.Add((TimeProvider.System.GetElapsedTime(start).TotalMilliseconds, bytes));
            }
            while (TimeProvider.System.GetElapsedTime(began) < each);
            return times;
        }));
        var all = asked.SelectMany(t => t).ToList();
        var percentiles = new Percentiles(all.Select(t => t.Ms));
        return Text($"| {name} | {clients} | {all.Count:N0} | {percentiles.Format(50)} | {percentiles.Format(99)} | {all.Average(t => t.Bytes):N0} |");
    }

    /// <returns>Bytes of the answer.</returns>
    private async Task<long> AskAsync(string question)
    {
        using var request = Request(question);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{question}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        await using var body = await response.Content.ReadAsStreamAsync();
        var (buffer, bytes) = (new byte[64 << 10], 0L);
        while (await body.ReadAsync(buffer) is var read and > 0)
        {
            bytes += read;
        }

        return bytes;
    }

    /// <summary>"top SENSOR DAYS" is asked in SQL, everything else by its address.</summary>
    private static HttpRequestMessage Request(string question)
    {
        if (question.Split(' ') is not ["top", var sensor, var days])
        {
            return new HttpRequestMessage(HttpMethod.Get, "/api/v1/" + question);
        }

        var sql = $"SELECT device, max(vmax) AS m FROM readings_1d_data WHERE sensor = '{sensor}' AND ts = toStartOfDay(now() - INTERVAL {days} DAY) GROUP BY device ORDER BY m DESC LIMIT 10";
        return new HttpRequestMessage(HttpMethod.Post, "/api/v1/sql")
        {
            Content = new StringContent($$"""{"sql": "{{sql}}"}""", System.Text.Encoding.UTF8, "application/json"),
        };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
