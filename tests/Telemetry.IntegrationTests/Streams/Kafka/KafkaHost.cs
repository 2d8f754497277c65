using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Testing;
using Telemetry.Tests.Streams;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>A Kafka log on a cluster that tests share.</summary>
internal sealed class KafkaHost(IKafkaFixture kafka, Func<KafkaOptions, KafkaOptions>? options = null) : IRecordLogHost
{
    public TimeSpan QuietTime => TimeSpan.FromSeconds(1);

    public TimeSpan Patience => kafka.Patience;

    public bool MembersMayRejoin => kafka is DisturbedKafka;

    public async ValueTask<IRecordLog> OpenAsync() => Open(await kafka.BeforeTestAsync(), options);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static KafkaLog Open(KafkaCluster cluster, Func<KafkaOptions, KafkaOptions>? options = null)
    {
        var defaults = new KafkaOptions
        {
            BootstrapServers = cluster.BootstrapServers,
            TransactionTimeout = TimeSpan.FromSeconds(10),
            Debug = TestOutputLogging.KafkaDebug,
        };
        return KafkaLog.Open(options?.Invoke(defaults) ?? defaults, TestOutputLogging.Factory, TimeProvider.System);
    }
}
