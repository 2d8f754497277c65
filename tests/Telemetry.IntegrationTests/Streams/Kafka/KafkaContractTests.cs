using Telemetry.Streams.Kafka.Clients;
using Telemetry.Tests.Streams;

namespace Telemetry.IntegrationTests.Streams.Kafka;

public sealed class KafkaAppendTests(SharedKafka kafka) : AppendContract(new KafkaHost(kafka));

public sealed class KafkaConsumerTests(SharedKafka kafka) : ConsumerContract(new KafkaHost(kafka));

public sealed class KafkaGroupTests(SharedKafka kafka) : GroupContract(new KafkaHost(kafka));

public sealed class KafkaLagTests(SharedKafka kafka) : LagContract(new KafkaHost(kafka));

/// <summary>The same with the classic group protocol, for clusters without KIP-848.</summary>
public sealed class KafkaClassicGroupTests(SharedKafka kafka)
    : GroupContract(new KafkaHost(kafka, options => options with { GroupProtocol = KafkaGroupProtocol.Classic }));

public sealed class KafkaTransactionTests(SharedKafka kafka) : TransactionContract(new KafkaHost(kafka));

/// <summary>The same on three brokers of which one or another is dead or coming back.</summary>
[Collection(DisturbedKafkaCollection.Name)]
public sealed class DisturbedAppendTests(DisturbedKafka kafka) : AppendContract(new KafkaHost(kafka));

[Collection(DisturbedKafkaCollection.Name)]
public sealed class DisturbedConsumerTests(DisturbedKafka kafka) : ConsumerContract(new KafkaHost(kafka));

[Collection(DisturbedKafkaCollection.Name)]
public sealed class DisturbedGroupTests(DisturbedKafka kafka) : GroupContract(new KafkaHost(kafka));

[Collection(DisturbedKafkaCollection.Name)]
public sealed class DisturbedTransactionTests(DisturbedKafka kafka) : TransactionContract(new KafkaHost(kafka));
