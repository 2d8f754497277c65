using System.Diagnostics;
using System.Globalization;
using Telemetry.Edge;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>What a session that survives costs, beside one that does not, in one run. For docs/devices.md; run by name.</summary>
public sealed class SessionCostTests
{
    private const int Publishers = 20;

    [Fact(Explicit = true)]
    public async Task Publish_rate_to_a_session_that_survives_and_to_one_that_does_not()
    {
        var lines = new List<string>();
        for (var round = 0; round < 2; round++)
        {
            foreach (var qos in (MqttQos[])[MqttQos.AtLeastOnce, MqttQos.ExactlyOnce])
            {
                foreach (var expiry in (uint[])[0, 3600])
                {
                    await using var node = await DurableNode.StartAsync();
                    lines.Add(await MeasureAsync(node, qos, expiry));
                }

                if (qos == MqttQos.AtLeastOnce)
                {
                    await using var node = await DurableNode.StartAsync(options: new EdgeOptions { AcknowledgeFromMemory = ["t/#"] });
                    lines.Add("acknowledged from memory, " + await MeasureAsync(node, qos, 3600));
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage(string.Join(Environment.NewLine, lines));
        await File.WriteAllLinesAsync(
            Path.Combine(Path.GetTempPath(), "telemetry-session-cost.txt"), lines, TestContext.Current.CancellationToken);
    }

    private static async Task<string> MeasureAsync(DurableNode node, MqttQos qos, uint expirySeconds)
    {
        await using var subscriber = new SteadyClient("s", SteadyClient.ToPorts(node.Port), qos) { Filter = "t/#", ExpirySeconds = expirySeconds };
        subscriber.Start();
        await subscriber.Subscribed.Task;
        using var stop = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, Publishers)
            .Select(i => new SteadyClient($"p{i}", SteadyClient.ToPorts(node.Port), qos) { ExpirySeconds = 0 }).ToList();
        var loops = publishers.Select((publisher, i) => PublishAsync(publisher, i, stop.Token)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        var before = publishers.Sum(p => p.Acknowledged.Count);
        var receivedBefore = subscriber.Received.Count;
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var acknowledged = (publishers.Sum(p => p.Acknowledged.Count) - before) / seconds;
        var received = (subscriber.Received.Count - receivedBefore) / seconds;
        await stop.CancelAsync();
        await Task.WhenAll(loops);
        foreach (var publisher in publishers)
        {
            await publisher.DisposeAsync();
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"QoS {(int)qos}, {(expirySeconds == 0 ? "ends with its connection" : "survives")}: {acknowledged:F0} publishes/s acknowledged, {received:F0}/s received");
    }

    private static async Task PublishAsync(SteadyClient publisher, int index, CancellationToken cancellationToken)
    {
        publisher.Start();
        try
        {
            for (var number = (long)index; ; number += Publishers)
            {
                await publisher.PublishAsync("t/x", number, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
