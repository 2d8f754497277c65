using System.Diagnostics;
using System.Globalization;
using System.Text;
using Telemetry.Benchmarks.Mqtt.Load;

namespace Telemetry.Benchmarks.Mqtt.Table;

/// <summary>Retained messages to new subscribers, one after the other.</summary>
internal static class RetainedLoad
{
    private const int Subscribers = 5;
    private const int PayloadSize = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<Measured> RunAsync(LoadTarget target, int messages)
    {
        var topic = $"bench-retained/{Guid.NewGuid():N}";
        await PublishAsync(target, topic, messages, PayloadSize);
        var best = TimeSpan.MaxValue;
        var fewest = (long)messages;
        for (var i = 0; i < Subscribers; i++)
        {
            var (time, arrived) = await ReceiveAsync(target, topic, messages);
            best = time < best ? time : best;
            fewest = Math.Min(fewest, arrived);
        }

        await PublishAsync(target, topic, messages, 0);
        var rate = fewest / best.TotalSeconds;
        var lost = fewest < messages ? string.Create(CultureInfo.InvariantCulture, $", {fewest:#,0} of {messages:#,0} arrived") : "";
        return new Measured(rate, string.Create(CultureInfo.InvariantCulture, $"{rate:#,0}/s{lost}"));
    }

    private static async Task PublishAsync(LoadTarget target, string topic, int messages, int size)
    {
        const int Window = 200;
        await using var publisher = await LoadConnection.OpenAsync(target, $"retainer-{Guid.NewGuid():N}");
        var (sent, acknowledged) = (0, 0);
        while (acknowledged < messages)
        {
            for (; sent < messages && sent - acknowledged < Window; sent++)
            {
                publisher.Output.Publish(
                    Encoding.UTF8.GetBytes($"{topic}/{sent}"), new byte[size], 1, (ushort)((sent % Window) + 1), retain: true);
            }

            await publisher.FlushAsync();
            if (!await publisher.ReceiveAsync((first, _) => acknowledged += first >> 4 == 4 ? 1 : 0))
            {
                throw new IOException("The broker closed the connection of the publisher of retained messages.");
            }
        }
    }

    private static async Task<(TimeSpan Time, long Arrived)> ReceiveAsync(LoadTarget target, string topic, int messages)
    {
        await using var client = await LoadConnection.OpenAsync(target, $"reader-{Guid.NewGuid():N}");
        using var timeout = new CancellationTokenSource(Patience);
        var tally = new LoadTally();
        var watch = Stopwatch.StartNew();
        var subscriber = new LoadSubscriber(client, tally);
        await client.SubscribeAsync($"{topic}/#", 1, subscriber.Take);
        await client.FlushAsync();
        var run = subscriber.RunAsync(timeout.Token);
        var last = (Count: 0L, At: watch.Elapsed);
        while (tally.Count < messages && watch.Elapsed - last.At < TimeSpan.FromSeconds(3))
        {
            last = tally.Count > last.Count ? (tally.Count, watch.Elapsed) : last;
            await Task.Delay(1, CancellationToken.None);
        }

        var time = tally.Count >= messages ? watch.Elapsed : last.At;
        await timeout.CancelAsync();
        await run;
        return (time, tally.Count);
    }
}
