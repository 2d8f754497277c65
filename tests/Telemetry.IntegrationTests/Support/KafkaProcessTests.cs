using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// Tests of real processes over a Kafka broker of their own, because topics have fixed names, with a folder that goes with the test. Skipped with the reason where
/// no broker is to be had.
/// </summary>
public abstract class KafkaProcessTests : IAsyncLifetime
{
    private KafkaCluster? _kafka;

    /// <summary>Folder of the test's data.</summary>
    protected string Data { get; } = Directory.CreateTempSubdirectory("telemetry-over-kafka-").FullName;

    /// <summary>The broker.</summary>
    internal KafkaCluster Kafka => _kafka!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        _kafka = await KafkaCluster.StartAsync(1);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }

        Directory.Delete(Data, recursive: true);
        GC.SuppressFinalize(this);
    }
}
