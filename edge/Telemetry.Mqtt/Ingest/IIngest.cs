namespace Telemetry.Mqtt.Ingest;

/// <summary>
/// Takes publishes on ingest topics into a durable log. The broker's side of the promise: PUBACK or PUBREC goes out when
/// the completion comes, never before.
/// </summary>
public interface IIngest
{
    /// <summary>True when publishes to this topic name come here instead of going to subscribers. Must be quick.</summary>
    bool Accepts(ReadOnlySpan<byte> topicName);

    /// <summary>
    /// For a topic that it does not accept: a sentence for a sender who probably meant one that it does, or null. Called once for each such
    /// publish, so that the publish can be counted.
    /// </summary>
    string? HintFor(ReadOnlySpan<byte> topicName) => null;

    /// <summary>Takes one publish. All bytes are copied or used before it returns.</summary>
    /// <returns>
    /// False: no room, nothing was taken and no completion will come; await <see cref="WaitForCapacityAsync"/> and call
    /// again, reading nothing more from the socket meanwhile. True: <paramref name="completion"/> is told exactly once,
    /// from any thread, perhaps before this returns.
    /// </returns>
    bool TryIngest(in IngestPublish publish, IIngestCompletion completion, ulong state);

    /// <summary>Completes when another try is worth while.</summary>
    ValueTask WaitForCapacityAsync(CancellationToken cancellationToken);
}

/// <summary>Told the fate of one publish.</summary>
public interface IIngestCompletion
{
    /// <summary>Must be quick and must not throw.</summary>
    /// <param name="result">What to answer.</param>
    /// <param name="state">What was passed to <c>TryIngest</c>.</param>
    void Ingested(in IngestResult result, ulong state);
}

/// <summary>Fate of one publish.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Reason">A sentence for the sender (MQTT 5 Reason String), also with <see cref="IngestOutcome.Stored"/>; null: nothing to say.</param>
public readonly record struct IngestResult(IngestOutcome Outcome, string? Reason = null);

/// <summary>What happened to a publish on an ingest topic.</summary>
public enum IngestOutcome
{
    /// <summary>In the log. Reason code 0x00.</summary>
    Stored,

    /// <summary>Refused and dead-lettered: the bytes are wrong. Reason code 0x99 Payload format invalid; 3.1.1: acknowledged.</summary>
    RejectedPayload,

    /// <summary>Refused and dead-lettered: this client may not speak for this device. Reason code 0x87; 3.1.1: acknowledged.</summary>
    RejectedIdentity,

    /// <summary>The topic is in the ingest name space but no format claims it. Reason code 0x90 Topic Name invalid.</summary>
    RejectedTopic,

    /// <summary>
    /// Neither stored nor dead-lettered: the log failed. No acknowledgement may go out; the connection is closed (v5: DISCONNECT
    /// 0x89 Server busy; 0x88 is for CONNACK only) and the sender will send it again.
    /// </summary>
    Failed,
}

/// <summary>One publish on an ingest topic.</summary>
public readonly ref struct IngestPublish
{
    public required ReadOnlySpan<byte> TopicName { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }

    public required string ClientId { get; init; }

    /// <summary>User name of the connection, when it was authenticated.</summary>
    public string? UserName { get; init; }

    /// <summary>Name in the client certificate, when there was one.</summary>
    public string? CertificateName { get; init; }

    /// <summary>True when a rule that names this user or certificate lets it publish there: it may speak for devices of other names.</summary>
    public bool SpeaksForOthers { get; init; }

    /// <summary>MQTT 5 Content Type, when given: application/x-protobuf or application/json.</summary>
    public ReadOnlySpan<byte> ContentType { get; init; }

    /// <summary>W3C traceparent from the user properties, when given.</summary>
    public ReadOnlySpan<byte> TraceParent { get; init; }

    /// <summary>QoS of the publish: 0, 1 or 2.</summary>
    public int Qos { get; init; }

    /// <summary>True when the sender set DUP: this may be a second copy.</summary>
    public bool Duplicate { get; init; }
}
