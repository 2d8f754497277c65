using Telemetry.Benchmarks.Mqtt.Load;

namespace Telemetry.Benchmarks.Mqtt.Table;

/// <summary>Loads of publishers, with or without subscribers.</summary>
internal static class PublishLoads
{
    private const int PayloadSize = 64;

    /// <summary>Publishes that nobody subscribes to: what taking one costs.</summary>
    public static async Task<Measured> TakenAsync(LoadTarget target, int connections, int window, int qos, bool tls, TimeSpan length)
    {
        await using var fleet = await LoadFleet.OpenAsync(target, connections, tls);
        var tally = new LoadTally();
        return await WhilePublishingAsync(
            Publishers(fleet, i => $"bench/{i}/readings", qos, window, tally), () => Measured.RateAsync(target, tally, length));
    }

    /// <summary>Messages delivered from publishers to subscribers, all of whom want all of them, or who share them.</summary>
    public static async Task<Measured> DeliveredAsync(
        LoadTarget target, int publishers, int subscribers, int window, int qos, bool shared, TimeSpan length)
    {
        var topic = $"bench/{Guid.NewGuid():N}";
        await using var receiving = await LoadFleet.OpenAsync(target, subscribers);
        await using var sending = await LoadFleet.OpenAsync(target, publishers);
        foreach (var connection in receiving.Connections)
        {
            await connection.SubscribeAsync(shared ? $"$share/group/{topic}/#" : $"{topic}/#", qos);
        }

        var delivered = new LoadTally();
        using var end = new CancellationTokenSource();
        var listeners = receiving.Connections.Select(c => new LoadSubscriber(c, delivered).RunAsync(end.Token)).ToArray();
        var published = new LoadTally();

        // At QoS 0 the publisher is answered at QoS 1, so that it does not run away from its subscribers.
        var measured = await WhilePublishingAsync(
            Publishers(sending, i => $"{topic}/{i}", Math.Max(1, qos), window, published),
            () => Measured.RateAsync(target, delivered, length));
        await end.CancelAsync();
        await Task.WhenAll(listeners);
        var owed = published.Count * (shared ? 1 : subscribers);
        var share = owed == 0 ? 0 : 100.0 * delivered.Count / owed;
        return share >= 99 ? measured : measured with { Text = FormattableString.Invariant($"{measured.Text}, {share:0} % arrived") };
    }

    private static IEnumerable<LoadPublisher> Publishers(LoadFleet fleet, Func<int, string> topic, int qos, int window, LoadTally tally) =>
        fleet.Connections.Select((c, i) => new LoadPublisher(c, topic(i), qos, window, PayloadSize, tally));

    private static async Task<Measured> WhilePublishingAsync(IEnumerable<LoadPublisher> publishers, Func<Task<Measured>> measure)
    {
        using var end = new CancellationTokenSource();
        var running = publishers.Select(p => Task.Run(() => p.RunAsync(end.Token))).ToArray();
        var measured = await measure();
        await end.CancelAsync();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromMinutes(1));
        return measured;
    }
}
