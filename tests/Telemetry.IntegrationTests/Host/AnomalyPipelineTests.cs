using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>From a fault played by the simulator to the anomaly a user asks for, over the executable.</summary>
[Collection("processes")]
public sealed class AnomalyPipelineTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-anomalies-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Spikes_played_are_found_and_every_anomaly_on_the_log_is_stored_once()
    {
        // Eight seconds are too short for the default set; this detector judges after 32 readings.
        var settings = Path.Combine(_data, "detectors.json");
        await File.WriteAllTextAsync(
            settings,
            """{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Confidence": 99.9, "PvalueHistoryLength": 100, "Repair": "WhenWrong", "gated": true }] }] }""",
            TestContext.Current.CancellationToken);
        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--data", _data, "--set", $"Processing:DetectorSettingsFile={settings}", "--for", "8s", "--devices", "120", "--rate", "6000/s", "--mqtt-port", "0", "--http-port", "0",
            "--no-browser", "--plain", "--set", "Simulator:FaultsPerDeviceDay=20000");
        code.ShouldBe(0, errors);

        var stored = await StoredAsync();

        var found = Spikes().Where(stored.Contains).ToList();
        found.ShouldNotBeEmpty($"none of {Spikes().Count} spikes is among {stored.Count} anomalies");
        stored.ShouldBeUnique();
        stored.ShouldBe(await OnTheLogAsync(), ignoreOrder: true);
        TestContext.Current.TestOutputHelper?.WriteLine($"{stored.Count} anomalies, {found.Count} of {Spikes().Count} spikes");
    }

    /// <summary>What the API of a second run over the same data tells.</summary>
    private async Task<List<Place>> StoredAsync()
    {
        var port = FreePorts.Find();
        await using var platform = TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", "0", "--http-port", $"{port}");
        await platform.WaitForPortAsync(port);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var answer = await client.GetJsonAsync("/api/v1/anomalies?limit=1000&kind=spike");
        var rows = answer.GetProperty("anomalies").EnumerateArray().Select(row => new Place(
            row.GetProperty("device").GetString()!,
            row.GetProperty("sensor").GetString()!,
            (row.GetProperty("time").GetDateTimeOffset() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond)).ToList();
        answer.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        return rows;
    }

    private List<Place> Spikes() =>
        [.. File.ReadLines(Path.Combine(_data, "labels.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(label => label.GetProperty("kind").GetString() == "spike")
            .Select(label => new Place(
                label.GetProperty("device").GetString()!,
                label.GetProperty("sensor").GetString()!,
                label.GetProperty("start_us").GetInt64()))];

    private async Task<List<Place>> OnTheLogAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(_data, "journal") }, NullLoggerFactory.Instance, TimeProvider.System);
        var ends = new Dictionary<TopicPartition, long>();
        for (var partition = 0; partition < await log.QueryPartitionCountAsync(LogTopics.Anomalies, stop); partition++)
        {
            var place = new TopicPartition(LogTopics.Anomalies, partition);
            ends[place] = (await log.QueryOffsetsAsync(place, stop)).High;
        }

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. ends.Keys.Where(place => ends[place] > 0)]);
        var places = new List<Place>();
        while (ends.Any(end => end.Value > 0 && consumer.Position(end.Key) < end.Value))
        {
            foreach (var record in await consumer.PollAsync(10_000, TimeSpan.FromMilliseconds(200), stop))
            {
                ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                var anomaly = Anomaly.Parser.ParseFrom(message.Span);
                if (anomaly.Kind == AnomalyKind.Spike)
                {
                    places.Add(new(anomaly.Device, anomaly.Sensor, anomaly.EventTimeUs));
                }
            }
        }

        return places;
    }

    private sealed record Place(string Device, string Sensor, long EventTimeUs);
}
