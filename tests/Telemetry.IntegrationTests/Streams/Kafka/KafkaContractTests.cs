using Telemetry.Tests.Streams;

namespace Telemetry.IntegrationTests.Streams.Kafka;

public sealed class KafkaAppendTests(SharedKafka kafka) : AppendContract(new KafkaHost(kafka));

public sealed class KafkaConsumerTests(SharedKafka kafka) : ConsumerContract(new KafkaHost(kafka));

public sealed class KafkaGroupTests(SharedKafka kafka) : GroupContract(new KafkaHost(kafka));

public sealed class KafkaTransactionTests(SharedKafka kafka) : TransactionContract(new KafkaHost(kafka));
