using System.Text;
using Telemetry.Bridge.Commands;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Ingest;

/// <summary>What can be said of a publish before its payload is read: topic and identity.</summary>
internal sealed class PublishPolicy(BridgeOptions options)
{
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

    public IngestTopics Topics { get; } = new(options.Topics);

    /// <summary>Null when the publish may go on, with what its topic says.</summary>
    public Refusal? Check(in IngestPublish publish, out TopicMeaning meaning)
    {
        meaning = default;
        if (CommandTopic.TryParseAnswer(publish.TopicName, out var device, out var commandId, out var refused))
        {
            meaning = new TopicMeaning { Device = device, CommandId = commandId, IsRefusedCommand = refused };
        }
        else if (!Topics.TryParse(publish.TopicName, out device, out var sensor, out var shape))
        {
            return UnknownTopic;
        }
        else if (!ReadingNames.IsDevice(device))
        {
            return Illegal("device level", ReadingNames.DeviceFault(device), "device id", ReadingNames.DeviceRule);
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
        "identity-mismatch",
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

    /// <summary>True: the device answers that it cannot.</summary>
    public bool IsRefusedCommand { get; init; }
}
