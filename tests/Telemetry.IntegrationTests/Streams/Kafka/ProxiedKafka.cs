using System.Net;
using Telemetry.Testing;
using Telemetry.Testing.Faults;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>One broker that names a proxy as its address, so that answers to groups can get lost.</summary>
public sealed class ProxiedKafka : IAsyncLifetime
{
    private KafkaCluster? _cluster;

    public KafkaProxy Proxy { get; } = new();

    /// <summary>The cluster; skips the test where there can be none.</summary>
    public KafkaCluster Need()
    {
        Assert.SkipWhen(_cluster is null, KafkaCluster.MissingReason(own: true) ?? "");
        return _cluster!;
    }

    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is null)
        {
            // An answer may take as long as the time between heartbeats; on a busy machine no other than those meant should be lost.
            _cluster = await KafkaCluster.StartAsync(
                1, $"advertised.listeners=PLAINTEXT://{Proxy.EndPoint}", "group.consumer.heartbeat.interval.ms=1000");
            Proxy.ConnectTo(IPEndPoint.Parse(_cluster.BootstrapServers));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
