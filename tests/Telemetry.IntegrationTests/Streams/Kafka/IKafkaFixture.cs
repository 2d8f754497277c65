using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>A cluster that tests share.</summary>
public interface IKafkaFixture
{
    /// <summary>How long what must come may take.</summary>
    TimeSpan Patience { get; }

    /// <summary>The cluster, started when the first test asks; skips the test where there is none.</summary>
    Task<KafkaCluster> BeforeTestAsync();
}
