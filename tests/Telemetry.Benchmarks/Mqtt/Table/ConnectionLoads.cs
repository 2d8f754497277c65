using System.Diagnostics;
using System.Globalization;
using Telemetry.Benchmarks.Mqtt.Load;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Benchmarks.Mqtt.Table;

/// <summary>What connections cost: idle, and when all of them come at once.</summary>
internal static class ConnectionLoads
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <summary>Resident bytes for each idle connection.</summary>
    public static async Task<Measured> IdleAsync(LoadTarget target, int connections, bool tls)
    {
        await Task.Delay(Settling);
        var before = target.ResidentBytes();
        await using var fleet = await LoadFleet.OpenAsync(target, connections, tls);
        await Task.Delay(Settling);
        var each = Math.Max(0, target.ResidentBytes() - before) / (double)connections;
        return new Measured(each, string.Create(CultureInfo.InvariantCulture, $"{each / 1000:0.0} kB"), MoreIsBetter: false);
    }

    /// <summary>All connections are cut and come back at once, while others publish: until the last is back, and the others' p99.</summary>
    public static async Task<Measured> StormAsync(LoadTarget target, int connections, bool tls)
    {
        const int Others = 50;
        await using var others = await LoadFleet.OpenAsync(target, Others);
        var tally = new LoadTally();
        using var end = new CancellationTokenSource();
        var publishing = others.Connections
            .Select((c, i) => Task.Run(() => PacedAsync(c, $"others/{i}", tally, end.Token)))
            .ToArray();
        var first = await LoadFleet.OpenAsync(target, connections, tls);
        var before = tally.Times();
        first.Cut();
        var watch = Stopwatch.StartNew();
        await using var second = await LoadFleet.OpenAsync(target, connections, tls);
        var back = watch.Elapsed;
        var during = tally.Times();
        for (var i = 0; i < during.Length; i++)
        {
            during[i] -= before[i];
        }

        await end.CancelAsync();
        await Task.WhenAll(publishing);
        return new Measured(
            back.TotalSeconds,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{back.TotalSeconds:0.0} s, the others' p99 {LatencyHistogram.Quantile(during, 0.99).TotalMilliseconds:0} ms"),
            MoreIsBetter: false);
    }

    /// <summary>One publish every 50 ms, each waited for.</summary>
    private static async Task PacedAsync(LoadConnection connection, string topic, LoadTally tally, CancellationToken end)
    {
        var payload = new byte[64];
        var name = System.Text.Encoding.UTF8.GetBytes(topic);
        while (!end.IsCancellationRequested)
        {
            var sent = Stopwatch.GetTimestamp();
            connection.Output.Publish(name, payload, 1, 1);
            await connection.FlushAsync(CancellationToken.None);
            await connection.ReceiveAsync((_, _) => tally.Answered(1, Stopwatch.GetTimestamp() - sent), CancellationToken.None);
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }
}
