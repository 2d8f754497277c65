using Confluent.Kafka;
using Telemetry.Contracts.Secrets;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>The one place where options become settings of librdkafka.</summary>
internal static class KafkaClientConfig
{
    /// <summary>What all clients share: addresses and security.</summary>
    /// <exception cref="RecordLogException">A file that holds a secret cannot be read.</exception>
    public static ClientConfig Base(KafkaOptions options) => new()
    {
        BootstrapServers = options.BootstrapServers,
        ClientId = options.ClientId,
        Debug = options.Debug,
        SecurityProtocol = options.SecurityProtocol switch
        {
            KafkaSecurityProtocol.Ssl => SecurityProtocol.Ssl,
            KafkaSecurityProtocol.SaslPlaintext => SecurityProtocol.SaslPlaintext,
            KafkaSecurityProtocol.SaslSsl => SecurityProtocol.SaslSsl,
            _ => SecurityProtocol.Plaintext,
        },
        SslCaLocation = options.SslCaFile,
        SslCertificateLocation = options.SslCertificateFile,
        SslKeyLocation = options.SslKeyFile,
        SslKeyPassword = Secret(options.SslKeyPasswordFile, nameof(options.SslKeyPasswordFile)),
        SslEndpointIdentificationAlgorithm =
            options.SslVerifyHostName ? SslEndpointIdentificationAlgorithm.Https : SslEndpointIdentificationAlgorithm.None,
        SaslMechanism = options.SecurityProtocol is KafkaSecurityProtocol.Plaintext or KafkaSecurityProtocol.Ssl
            ? null
            : options.SaslMechanism switch
            {
                KafkaSaslMechanism.ScramSha256 => SaslMechanism.ScramSha256,
                KafkaSaslMechanism.Plain => SaslMechanism.Plain,
                _ => SaslMechanism.ScramSha512,
            },
        SaslUsername = options.SaslUsername,
        SaslPassword = Secret(options.SaslPasswordFile, nameof(options.SaslPasswordFile)),
        SocketKeepaliveEnable = true,
        SocketNagleDisable = true,

        // A broker that was killed is tried again soon, but not in a busy loop.
        ReconnectBackoffMs = 50,
        ReconnectBackoffMaxMs = 1_000,
        TopicMetadataRefreshFastIntervalMs = 100,
        TopicMetadataRefreshSparse = true,
        LogConnectionClose = false,
    };

    public static ProducerConfig Producer(KafkaOptions options, ProducerOptions bounds) => new(Base(options))
    {
        EnableIdempotence = true,
        Acks = Acks.All,
        CompressionType = options.Compression switch
        {
            KafkaCompression.Gzip => CompressionType.Gzip,
            KafkaCompression.Snappy => CompressionType.Snappy,
            KafkaCompression.Lz4 => CompressionType.Lz4,
            KafkaCompression.Zstd => CompressionType.Zstd,
            _ => CompressionType.None,
        },
        LingerMs = options.Linger.TotalMilliseconds,
        BatchSize = options.BatchBytes,
        BatchNumMessages = 100_000,
        MessageMaxBytes = options.RecordBytesMax + 1024,
        MessageTimeoutMs = (int)(bounds.DeliveryTimeout ?? options.DeliveryTimeout).TotalMilliseconds,
        RequestTimeoutMs = (int)options.RequestTimeout.TotalMilliseconds,

        // Our own bound in bytes comes first; these only must not be in its way.
        QueueBufferingMaxMessages = 0,
        QueueBufferingMaxKbytes = (int)Math.Min(int.MaxValue, (bounds.InFlightBytesMax >> 10) + options.RecordBytesMax + 1024),
        Partitioner = Partitioner.Murmur2Random,
        DeliveryReportFields = "status",
        EnableDeliveryReports = true,
    };

    public static ProducerConfig TransactionalProducer(KafkaOptions options, ProducerOptions bounds, string transactionalId)
    {
        var config = Producer(options, bounds);
        config.TransactionalId = transactionalId;
        config.TransactionTimeoutMs = (int)options.TransactionTimeout.TotalMilliseconds;

        // A record cannot wait for longer than its transaction.
        config.MessageTimeoutMs = config.TransactionTimeoutMs;
        return config;
    }

    /// <param name="options">Options.</param>
    /// <param name="consumer">What the caller asked for.</param>
    /// <param name="classic">Classic protocol instead of KIP-848.</param>
    public static ConsumerConfig Consumer(KafkaOptions options, ConsumerOptions consumer, bool classic)
    {
        var config = new ConsumerConfig(Base(options))
        {
            // A consumer needs a name even if it never joins or commits.
            GroupId = consumer.Group ?? "telemetry-no-group",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            IsolationLevel = consumer.ReadCommitted ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted,
            MaxPollIntervalMs = (int)options.MaxPollInterval.TotalMilliseconds,
            CheckCrcs = true,
            AllowAutoCreateTopics = false,
            FetchWaitMaxMs = 100,
            FetchMaxBytes = Math.Max(options.PrefetchBytes, options.RecordBytesMax + 1024),
            FetchQueueBackoffMs = 5,
            QueuedMinMessages = 20_000,
            QueuedMaxMessagesKbytes = options.PrefetchBytes >> 10,
            ConsumeResultFields = "headers,timestamp,topic",
        };
        if (consumer.Topics.Count == 0)
        {
            return config;
        }

        if (classic)
        {
            config.GroupProtocol = Confluent.Kafka.GroupProtocol.Classic;
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
            config.SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds;
            config.HeartbeatIntervalMs = (int)Math.Min(3_000, options.SessionTimeout.TotalMilliseconds / 5);
        }
        else
        {
            // The broker decides on session timeout, heartbeat interval and assignor; the client must not set them.
            config.GroupProtocol = Confluent.Kafka.GroupProtocol.Consumer;
        }

        return config;
    }

    private static string? Secret(string? file, string setting)
    {
        if (string.IsNullOrEmpty(file))
        {
            return null;
        }

        try
        {
            return SecretFile.Read(file, $"Kafka:{setting}");
        }
        catch (IOException error)
        {
            throw new RecordLogException(RecordLogError.Misconfigured, error.Message, error);
        }
    }
}
