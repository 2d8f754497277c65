using System.ComponentModel.DataAnnotations;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>How to reach a Kafka cluster and how hard to lean on it. The defaults suit a cluster of three brokers nearby.</summary>
public sealed record KafkaOptions
{
    /// <summary>Addresses host:port, comma-separated. Empty: the embedded journal is used, and nothing else here counts.</summary>
    public string? BootstrapServers { get; init; }

    /// <summary>Name brokers see in their logs and quotas.</summary>
    [Required]
    public string ClientId { get; init; } = "telemetry";

    /// <summary>Plaintext, Ssl, SaslPlaintext or SaslSsl.</summary>
    public KafkaSecurityProtocol SecurityProtocol { get; init; } = KafkaSecurityProtocol.Plaintext;

    /// <summary>PEM file with the authorities that sign the brokers' certificates; null: the system's.</summary>
    public string? SslCaFile { get; init; }

    /// <summary>PEM file with this client's certificate, for mutual TLS.</summary>
    public string? SslCertificateFile { get; init; }

    /// <summary>PEM file with the key of <see cref="SslCertificateFile"/>.</summary>
    public string? SslKeyFile { get; init; }

    /// <summary>File that holds the password of <see cref="SslKeyFile"/>, if it has one.</summary>
    public string? SslKeyPasswordFile { get; init; }

    /// <summary>True (default): a broker's certificate must name the host connected to.</summary>
    public bool SslVerifyHostName { get; init; } = true;

    /// <summary>ScramSha256, ScramSha512 or Plain; used with the Sasl protocols.</summary>
    public KafkaSaslMechanism SaslMechanism { get; init; } = KafkaSaslMechanism.ScramSha512;

    /// <summary>User for SASL.</summary>
    public string? SaslUsername { get; init; }

    /// <summary>File that holds the user's password (a mounted secret); the line end is cut off.</summary>
    public string? SaslPasswordFile { get; init; }

    /// <summary>How batches are compressed: None, Lz4, Zstd, Snappy or Gzip. Default Lz4.</summary>
    public KafkaCompression Compression { get; init; } = KafkaCompression.Lz4;

    /// <summary>How long a batch waits for more records. Default 5 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Largest batch of one partition in bytes, before compression. Default 512 KiB.</summary>
    [Range(1, 64 << 20)]
    public int BatchBytes { get; init; } = 512 << 10;

    /// <summary>Largest record (key, headers and value together) in bytes. Default 1,047,552, what brokers take by default.</summary>
    [Range(1024, 256 << 20)]
    public int RecordBytesMax { get; init; } = (1 << 20) - 1024;

    /// <summary>
    /// A record not acknowledged after this long is answered with an error (it may be there all the same). Until then it
    /// waits for brokers to come back, and devices with it. Default 5 min; zero: for ever.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The coordinator aborts a transaction open for longer, so this is also how long readers wait behind a dead process.
    /// Default 15 s; brokers allow up to transaction.max.timeout.ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:15:00")]
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A group member silent for this long loses its partitions, with the classic protocol; with the new one (KIP-848) the
    /// broker's group.consumer.session.timeout.ms decides. Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A member that does not poll for this long leaves the group. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxPollInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Auto (KIP-848 where the cluster has it, else classic), Consumer or Classic.</summary>
    public KafkaGroupProtocol GroupProtocol { get; init; } = KafkaGroupProtocol.Auto;

    /// <summary>How long one request may take before it is an error that can be retried. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long opening or aborting a transaction is tried: a former owner of the id and lost brokers need time. Default 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often a group member compares its partitions with what the group says. A difference that stays from one look to the next
    /// makes it join again. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AssignmentCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a consumer looks whether its client still reads: a partition that stands still from one look to the next although the
    /// log goes on is given to the client again. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FetchCheckInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes a consumer reads ahead. Default 16 MiB.</summary>
    [Range(1 << 20, 1 << 30)]
    public int PrefetchBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Copies of each partition of our topics. Unset: three, or as many as there are brokers when those are fewer, with a warning.
    /// </summary>
    [Range(1, 32)]
    public int? ReplicationFactor { get; init; }

    /// <summary>
    /// Copies that must have a record before it is acknowledged. Unset: one less than there are, at least one, so that one
    /// broker may be lost.
    /// </summary>
    [Range(1, 32)]
    public int? MinInSyncReplicas { get; init; }

    /// <summary>
    /// What librdkafka tells of its inner life, for support: comma-separated contexts such as cgrp, eos, broker, topic, all. Logged
    /// at level Debug. Unset: nothing.
    /// </summary>
    [RegularExpression("^[a-z,_]+$")]
    public string? Debug { get; init; }

    /// <summary>False, in tests only: answers lost are found by comparing alone.</summary>
    internal bool HealsByLog { get; init; } = true;
}

/// <summary>Transport of the connections to brokers.</summary>
public enum KafkaSecurityProtocol
{
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

/// <summary>How a client proves who it is.</summary>
public enum KafkaSaslMechanism
{
    ScramSha256,
    ScramSha512,
    Plain,
}

/// <summary>Compression of record batches.</summary>
public enum KafkaCompression
{
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// <summary>How group members are coordinated.</summary>
public enum KafkaGroupProtocol
{
    /// <summary>KIP-848 where the cluster has it, else classic.</summary>
    Auto,

    /// <summary>KIP-848: the broker assigns.</summary>
    Consumer,

    /// <summary>Cooperative sticky, assigned by a member.</summary>
    Classic,
}
