using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.Testing;

[assembly: AssemblyFixture(typeof(SharedKafka))]

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>One Kafka for all tests that only need some Kafka; started when the first asks.</summary>
public sealed class SharedKafka : IKafkaFixture, IAsyncLifetime
{
    private readonly SemaphoreSlim _turn = new(1);
    private KafkaCluster? _cluster;

    internal KafkaCluster Cluster => _cluster ?? throw new InvalidOperationException("Call BeforeTestAsync first.");

    public TimeSpan Patience => TimeSpan.FromSeconds(30);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async Task<KafkaCluster> BeforeTestAsync()
    {
        Assert.SkipWhen(KafkaCluster.MissingReason() is not null, KafkaCluster.MissingReason() ?? "");
        await _turn.WaitAsync();
        try
        {
            return _cluster ??= await KafkaCluster.AnyAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _turn.Dispose();
    }
}
