using System.ComponentModel.DataAnnotations;
using Telemetry.Bridge.Links;

namespace Telemetry.Bridge.Upstream;

/// <summary>How the bridge reads from an MQTT broker that devices are connected to already.</summary>
public sealed record UpstreamOptions : BrokerLinkOptions
{
    /// <summary>Group of the shared subscription, the same for all instances that share the messages of one broker. Default telemetry.</summary>
    [Required]
    public string Group { get; init; } = "telemetry";

    /// <summary>
    /// Whether instances share the messages (<c>$share/GROUP/FILTER</c>). Auto (default): where the broker speaks MQTT 5 and says that it has
    /// shared subscriptions. Always: also over MQTT 3.1.1, for brokers that have them there. Never: each instance gets every message.
    /// </summary>
    public UpstreamSharing Sharing { get; init; } = UpstreamSharing.Auto;

    /// <summary>Version of MQTT: Auto (default, 5.0, and 3.1.1 where the broker refuses it), V5 or V311.</summary>
    public UpstreamProtocol Protocol { get; init; } = UpstreamProtocol.Auto;

    /// <summary>
    /// Topic filters read. Default none: <c>telemetry/v1/+/readings</c> and the patterns of <c>Bridge:Topics</c>. Messages on topics that no
    /// format claims become dead letters.
    /// </summary>
    public string[] Filters { get; init; } = [];

    /// <summary>Quality of service asked for, 1 (default) or 2. Copies are removed by event id either way; 2 costs twice the packets.</summary>
    [Range(1, 2)]
    public int Qos { get; init; } = 1;

    /// <summary>
    /// Messages the broker may send before the first of them is acknowledged (Receive Maximum of MQTT 5). Default 1000; the broker's own
    /// limit (mosquitto: max_inflight_messages, 20) holds where it is lower.
    /// </summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 1000;

    /// <summary>Bytes of messages received and not yet taken by the log before nothing more is read. Default 16 MiB.</summary>
    [Range(64 * 1024, long.MaxValue)]
    public long WaitingBytesMax { get; init; } = 16L << 20;

    /// <summary>Largest packet taken, told to the broker, which drops larger ones (MQTT 5). Default 16 MiB.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int PacketBytesMax { get; init; } = 16 << 20;

    /// <summary>How long the broker keeps session and messages for an instance that is away. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan SessionExpiry { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How it is judged that a message is of the device its topic names; certificates and users are known to the broker only. Topic (default):
    /// the broker's access rules are trusted. UserProperty: the MQTT 5 user property <c>IdentityProperty</c>, which the broker must set, is the
    /// device. <c>Bridge:RequireCertificate</c> and <c>Bridge:UserNameNamesDevice</c> do not count here.
    /// </summary>
    public UpstreamIdentity Identity { get; init; } = UpstreamIdentity.Topic;

    /// <summary>Name of that user property. Default device.</summary>
    [Required]
    public string IdentityProperty { get; init; } = "device";

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in base.Validate(validationContext))
        {
            yield return problem;
        }

        if (Group.AsSpan().ContainsAny("/+#\0"))
        {
            yield return new ValidationResult($"'{Group}' is not a valid group name: / + and # are not allowed [MQTT-4.8.2-2].", [nameof(Group)]);
        }

        for (var i = 0; i < Filters.Length; i++)
        {
            if (UpstreamFilters.Problem(Filters[i]) is { } problem)
            {
                yield return new ValidationResult($"'{Filters[i]}' {problem}", [$"{nameof(Filters)}:{i}"]);
            }
        }

        if (Identity == UpstreamIdentity.UserProperty && Protocol == UpstreamProtocol.V311)
        {
            yield return new ValidationResult("needs user properties, which MQTT 3.1.1 does not have; let Upstream:Protocol be V5.", [nameof(Identity)]);
        }
    }
}

/// <summary>When instances share the messages of the broker.</summary>
public enum UpstreamSharing
{
    /// <summary>Where the broker says that it can.</summary>
    Auto,

    /// <summary>Without asking.</summary>
    Always,

    /// <summary>Not at all.</summary>
    Never,
}

/// <summary>Version of MQTT spoken with the broker.</summary>
public enum UpstreamProtocol
{
    /// <summary>5.0, and 3.1.1 where that is refused.</summary>
    Auto,

    /// <summary>5.0.</summary>
    V5,

    /// <summary>3.1.1.</summary>
    V311,
}

/// <summary>What says of which device a message is.</summary>
public enum UpstreamIdentity
{
    /// <summary>Its topic; the broker's access rules are trusted.</summary>
    Topic,

    /// <summary>A user property that the broker sets; it must be the topic's device.</summary>
    UserProperty,
}
