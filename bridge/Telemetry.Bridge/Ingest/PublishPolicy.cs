using System.Text;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Ingest;

/// <summary>What can be said of a publish before its payload is read: topic and identity.</summary>
internal sealed class PublishPolicy(BridgeOptions options)
{
    private const string IdentityMismatch = "identity-mismatch";

    private static readonly Refusal UnknownTopic = new(
        IngestOutcome.RejectedTopic,
        "unknown-topic",
        $"No format claims this topic. Publish to telemetry/v1/{{device}}/readings, the device being {ReadingNames.DeviceRule}.");

    private static readonly Refusal CertificateRequired = new(
        IngestOutcome.RejectedIdentity,
        "certificate-required",
        "This connection has no client certificate. Connect with the certificate of the device.");

    private static readonly Refusal UserRequired = new(
        IngestOutcome.RejectedIdentity,
        "user-required",
        "This connection has no authenticated user. Connect with user name and password.");

    private static readonly Refusal BadSparkplugTopic = new(
        IngestOutcome.RejectedTopic,
        "unknown-topic",
        $"A Sparkplug topic is spBv1.0/{{group}}/{{verb}}/{{edge}}, with /{{device}} for the verbs that begin with D; each id has 1 to {SparkplugTopic.IdBytesMax} bytes.");

    public IngestTopics Topics { get; } = new(options.Topics, options.Sparkplug);

    /// <summary>Null when the publish may go on, with what its topic says.</summary>
    public Refusal? Check(in IngestPublish publish, out TopicMeaning meaning)
    {
        meaning = default;
        if (Topics.IsSparkplug(publish.TopicName))
        {
            return CheckSparkplug(publish, out meaning);
        }

        if (Topics.IsHostState(publish.TopicName))
        {
            return HostState;
        }

        if (CommandTopic.TryParseAnswer(publish.TopicName, out var device, out var commandId, out var refused))
        {
            meaning = new TopicMeaning { Device = device, CommandId = commandId, IsRefusedCommand = refused };
        }
        else if (IngestTopics.TryGetAnnouncer(publish.TopicName, out device))
        {
            if (!ReadingNames.IsDevice(device))
            {
                return IllegalDevice(device);
            }

            meaning = new TopicMeaning { Device = device, IsCatalogue = true };
        }
        else if (!Topics.TryParse(publish.TopicName, out device, out var sensor, out var shape))
        {
            return UnknownTopic;
        }
        else if (!ReadingNames.IsDevice(device))
        {
            return IllegalDevice(device);
        }
        else if (!sensor.IsEmpty && !ReadingNames.IsSensor(sensor))
        {
            return Illegal("sensor level", ReadingNames.SensorFault(sensor), "sensor name", ReadingNames.SensorRule);
        }
        else
        {
            meaning = new TopicMeaning { Device = device, Sensor = sensor, Shape = shape };
        }

        return CheckIdentity(publish, device);
    }

    /// <summary>Of a publish to the state of this host: nobody else may say it.</summary>
    public static Refusal HostState { get; } = new(
        IngestOutcome.RejectedIdentity,
        "sparkplug-host-state",
        "This is the state of the Sparkplug host that the platform is itself. Host ids are unique: give the other host another one, or this one with Bridge:Sparkplug:HostId.");

    /// <summary>A connection speaks for an edge node: the name is its id, or <c>{group}:{edge}</c>.</summary>
    private Refusal? CheckSparkplug(in IngestPublish publish, out TopicMeaning meaning)
    {
        meaning = default;
        if (!SparkplugTopic.TryParse(publish.TopicName, out var topic))
        {
            return BadSparkplugTopic;
        }

        meaning = new TopicMeaning { Device = topic.Edge, IsSparkplug = true };
        var refusal = CheckIdentity(publish, topic.Edge);
        if (refusal is null || refusal.Cause != IdentityMismatch)
        {
            return refusal;
        }

        Span<byte> full = stackalloc byte[SparkplugTopic.KeyBytesMax];
        full = full[..topic.WriteKey(full)];
        full[topic.Group.Length] = (byte)':';
        return CheckIdentity(publish, full) is null ? null : refusal;
    }

    private static Refusal IllegalDevice(ReadOnlySpan<byte> device) =>
        Illegal("device level", ReadingNames.DeviceFault(device), "device id", ReadingNames.DeviceRule);

    private static Refusal Illegal(string level, string fault, string what, string rule) =>
        new(IngestOutcome.RejectedTopic, "unknown-topic", $"The {level} of the topic {fault}. A {what} is {rule}.");

    private Refusal? CheckIdentity(in IngestPublish publish, ReadOnlySpan<byte> device)
    {
        if (publish.CertificateName is null && options.RequireCertificate)
        {
            return CertificateRequired;
        }

        if (publish.UserName is null && options.RequireUserName)
        {
            return UserRequired;
        }

        // Somebody wrote a rule for this very client: a gateway, or a fleet under one user.
        if (publish.SpeaksForOthers)
        {
            return null;
        }

        if (publish.CertificateName is { } certificate && options.CertificateNamesDevice)
        {
            return IsName(device, certificate) ? null : Identity("client certificate", certificate, device);
        }

        return publish.UserName is { } user && options.UserNameNamesDevice && !IsName(device, user) ? Identity("user name", user, device) : null;
    }

    private static Refusal Identity(string kind, string name, ReadOnlySpan<byte> device) => new(
        IngestOutcome.RejectedIdentity,
        IdentityMismatch,
        $"The {kind} is '{name}' and may not publish for device '{Encoding.ASCII.GetString(device)}'. "
        + "An access rule that names this client may allow it.");

    /// <summary>Device ids are ASCII, so equal length and equal characters are equal names.</summary>
    private static bool IsName(ReadOnlySpan<byte> device, string name)
    {
        if (device.Length != name.Length)
        {
            return false;
        }

        for (var i = 0; i < device.Length; i++)
        {
            if (device[i] != name[i])
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>What a topic says of a publish.</summary>
internal readonly ref struct TopicMeaning
{
    /// <summary>For which device it speaks.</summary>
    public required ReadOnlySpan<byte> Device { get; init; }

    /// <summary>Which sensor it names; empty: none.</summary>
    public ReadOnlySpan<byte> Sensor { get; init; }

    /// <summary>Shapes of payload taken besides our own.</summary>
    public PayloadShape Shape { get; init; }

    /// <summary>The command that is answered; empty: it is no answer but readings.</summary>
    public ReadOnlySpan<byte> CommandId { get; init; }

    /// <summary>True: the device says what it is.</summary>
    public bool IsCatalogue { get; init; }

    /// <summary>True: a message of a Sparkplug edge node; the device is its id.</summary>
    public bool IsSparkplug { get; init; }

    /// <summary>True: the device answers that it cannot.</summary>
    public bool IsRefusedCommand { get; init; }
}
