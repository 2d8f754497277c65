using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Bridge.Upstream;

/// <summary>What tests of the bridge on another broker share: numbered readings, processes, and what is in their logs.</summary>
internal static class UpstreamLab
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Publishes readings with event ids of their own; returns when the broker has acknowledged all of them.</summary>
    public static async Task PublishAsync(int port, string device, int first, int count)
    {
        await using var client = await TestClient.ConnectAsync(port, $"device-{device}");
        foreach (var window in Enumerable.Range(first, count).Chunk(20))
        {
            // MQTTnet does not heed the broker's Receive Maximum; mosquitto's is 20.
            var answers = await Task.WhenAll(window.Select(i => client.PublishAsync($"telemetry/v1/{device}/readings", Payload(i))));
            answers.ShouldAllBe(answer => answer.IsSuccess);
        }

        await client.DisconnectAsync();
    }

    public static string Payload(int sequence) => string.Create(
        CultureInfo.InvariantCulture, $"{{\"boot\":7,\"seq\":{sequence},\"readings\":[{{\"sensor\":\"t\",\"value\":{sequence}}}]}}");

    /// <summary>The bridge as a process over a log of its own.</summary>
    public static TelemetryProcess StartBridge(string data, int brokerPort, int httpPort, params string[] more) => TelemetryProcess.Start(
        ["bridge", "--broker", $"mqtt://127.0.0.1:{brokerPort}", "--data", data, "--http-port", $"{httpPort}", "--set", "Upstream:ReconnectPauseMax=1s", .. more]);

    /// <summary>Waits for a line that the process says.</summary>
    public static async Task WaitForAsync(this TelemetryProcess process, string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!process.Errors.Contains(text, StringComparison.Ordinal))
        {
            process.HasExited.ShouldBeFalse(process.Errors);
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Waits until nothing more comes: all that was received is acknowledged, and for a while nothing was received.</summary>
    public static async Task WaitUntilQuietAsync(int httpPort)
    {
        const int Looks = 10;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var (last, same) = (-1.0, 0);
        while (same < Looks)
        {
            var text = await Http.GetStringAsync($"http://127.0.0.1:{httpPort}/metrics", limit.Token);
            var received = Sum(text, "telemetry_bridge_upstream_received_total");
            same = received == last && Sum(text, "telemetry_bridge_upstream_unacknowledged") == 0 && Sum(text, "telemetry_bridge_upstream_connected") == 1 ? same + 1 : 0;
            last = received;
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>The value of a metric, over all its series.</summary>
    public static double Sum(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is '{' or ' ')
        .Sum(line => double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[line.Contains('}', StringComparison.Ordinal) ? 0 : 1], CultureInfo.InvariantCulture));

    /// <summary>The bridge's metric now.</summary>
    public static async Task<double> MetricAsync(int httpPort, string name) =>
        Sum(await Http.GetStringAsync($"http://127.0.0.1:{httpPort}/metrics", Cancel), name);

    /// <summary>Waits until a metric is as wanted.</summary>
    public static async Task UntilMetricAsync(int httpPort, string name, Func<double, bool> condition, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? TimeSpan.FromMinutes(3));
        while (!condition(await MetricAsync(httpPort, name)))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Event ids of all readings in the log of a stopped process, copies too.</summary>
    public static async Task<List<(string Device, ulong Sequence)>> ReadLogAsync(string data)
    {
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(data, "journal"), FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        return await ReadAsync(log);
    }

    /// <summary>Event ids of all readings in a log, copies too, in order of partition and offset.</summary>
    public static async Task<List<(string Device, ulong Sequence)>> ReadAsync(IRecordLog log)
    {
        var ids = new List<(string, ulong)>();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = await log.AssignSinceAsync(consumer, [LogTopics.Readings], DateTimeOffset.UnixEpoch, Cancel);
        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromSeconds(1), Cancel))
            {
                if (record.Value.IsEmpty)
                {
                    // It says that time has passed.
                    continue;
                }

                ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                var batch = ReadingBatch.Parser.ParseFrom(message.Span);
                ids.AddRange(Enumerable.Range(0, batch.Values.Count).Select(i => (batch.Device, batch.FirstSequence + (ulong)i)));
            }
        }

        return ids;
    }

    /// <summary>Ids of one device, counted from 1.</summary>
    public static IEnumerable<(string Device, ulong Sequence)> Ids(string device, int count) =>
        Enumerable.Range(1, count).Select(i => (device, (ulong)i));
}
