using Telemetry.Benchmarks.Mqtt.Load;

namespace Telemetry.Benchmarks.Mqtt.Table;

/// <summary>
/// Brokers under the same loads in one run, a row a load: messages a second, p50 and p99 of the answer or the delivery, CPU of the
/// broker for each message, and how the last broker compares to the first.
/// </summary>
internal static class BrokerTable
{
    /// <summary>Prints the table; each load goes over all brokers before the next one.</summary>
    /// <param name="only">Loads whose name holds this; null for all.</param>
    public static async Task PrintAsync(TextWriter to, IReadOnlyList<LoadTarget> targets, TimeSpan length, string? only)
    {
        to.WriteLine($"| load | {string.Join(" | ", targets.Select(t => t.Name))} | {targets[^1].Name} : {targets[0].Name} |");
        to.WriteLine($"|---|{string.Concat(targets.Select(_ => "---|"))}---|");
        foreach (var load in Loads(length).Where(l => only is null || l.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
        {
            var results = new List<Measured?>();
            foreach (var target in targets)
            {
                results.Add(load.NeedsTls && target.Tls is null ? null : await TryAsync(load, target));
            }

            to.WriteLine($"| {load.Name} | {string.Join(" | ", results.Select(r => r?.Text ?? "-"))} | {Measured.Ratio(results[0], results[^1])} |");
            await to.FlushAsync();
        }
    }

    private static async Task<Measured?> TryAsync(TableLoad load, LoadTarget target)
    {
        try
        {
            return await load.RunAsync(target);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or TimeoutException or OperationCanceledException)
        {
            return new Measured(0, $"failed: {exception.Message}");
        }
    }

    private static IEnumerable<TableLoad> Loads(TimeSpan length)
    {
        // First, while nothing of an earlier load lies about to be used again.
        yield return new("memory of an idle connection, 10,000", t => ConnectionLoads.IdleAsync(t, 10_000, false));
        foreach (var qos in new[] { 0, 1, 2 })
        {
            yield return new($"publish QoS {qos}, 100 connections × 10 open", t => PublishLoads.TakenAsync(t, 100, qos == 0 ? 64 : 10, qos, false, length));
        }

        yield return new("publish QoS 1, 1,000 connections × 1", t => PublishLoads.TakenAsync(t, 1_000, 1, 1, false, length));
        yield return new("publish QoS 1, 10,000 connections × 1", t => PublishLoads.TakenAsync(t, 10_000, 1, 1, false, length));
        yield return new("publish QoS 1 over TLS, 100 connections × 10", t => PublishLoads.TakenAsync(t, 100, 10, 1, true, length), NeedsTls: true);
        foreach (var (subscribers, qos) in new[] { (1, 0), (1, 1), (1, 2), (10, 1), (100, 0), (100, 1), (1_000, 0), (1_000, 1) })
        {
            yield return new(
                $"fan-out QoS {qos}: 1 publisher to {subscribers:#,0}, delivered",
                t => PublishLoads.DeliveredAsync(t, 1, subscribers, 10, qos, false, length));
        }

        yield return new("fan-in QoS 1: 100 publishers to 1, delivered", t => PublishLoads.DeliveredAsync(t, 100, 1, 1, 1, false, length));
        yield return new("shared QoS 1: 100 publishers to 10 members, delivered", t => PublishLoads.DeliveredAsync(t, 100, 10, 1, 1, true, length));
        yield return new("retained: 10,000 to a new subscriber", t => RetainedLoad.RunAsync(t, 10_000));
        yield return new("storm: 10,000 come back over TLS", t => ConnectionLoads.StormAsync(t, 10_000, true), NeedsTls: true);
    }

    private sealed record TableLoad(string Name, Func<LoadTarget, Task<Measured>> RunAsync, bool NeedsTls = false);
}
