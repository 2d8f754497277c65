using System.Text;
using Telemetry.Bridge.Commands;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge;

/// <summary>What can be said of a publish before its payload is read: topic, identity, format.</summary>
internal sealed class PublishPolicy(BridgeOptions options)
{
    public static readonly Refusal DeviceMismatch = new(
        IngestOutcome.RejectedPayload,
        "device-mismatch",
        "The payload names another device than the topic. A device publishes to telemetry/v1/{device}/readings with its own id.");

    private static readonly Refusal UnknownTopic = new(
        IngestOutcome.RejectedTopic,
        "unknown-topic",
        "No format claims this topic. Publish to telemetry/v1/{device}/readings, the device being 1 to 64 of A-Z a-z 0-9 . _ : -.");

    public static Refusal JsonTooLarge(int bytesMax) =>
        new(IngestOutcome.RejectedPayload, "too-large", $"The JSON is larger than {bytesMax} bytes. Send smaller batches.");

    public static Refusal AnswerTooLarge(int bytesMax) =>
        new(IngestOutcome.RejectedPayload, "too-large", $"The answer to a command is larger than {bytesMax} bytes.");

    /// <summary>By content type; with another one or none, JSON when the first byte that is no white space is '{'.</summary>
    public static bool IsJson(in IngestPublish publish)
    {
        if (publish.ContentType.StartsWith("application/json"u8))
        {
            return true;
        }

        if (publish.ContentType.StartsWith("application/x-protobuf"u8) || publish.ContentType.StartsWith("application/protobuf"u8))
        {
            return false;
        }

        // As the first byte of Protobuf '{' would begin a group, which no released schema has.
        var first = publish.Payload.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && publish.Payload[first] == '{';
    }

    /// <summary>Null when the publish may go on, with the device it speaks for.</summary>
    public Refusal? Check(in IngestPublish publish, out ReadOnlySpan<byte> device)
    {
        if (!IngestTopic.TryGetDevice(publish.TopicName, out device)
            && !CommandTopic.TryParseAnswer(publish.TopicName, out device, out _, out _))
        {
            return UnknownTopic;
        }

        if (publish.CertificateName is { } certificate)
        {
            if (options.CertificateNamesDevice && !IsName(device, certificate))
            {
                return Identity("client certificate", certificate, device);
            }
        }
        else if (options.RequireCertificate)
        {
            return new(
                IngestOutcome.RejectedIdentity,
                "certificate-required",
                "This connection has no client certificate. Connect with the certificate of the device.");
        }

        return options.UserNameNamesDevice && !IsName(device, publish.UserName ?? "")
            ? Identity("user name", publish.UserName ?? "", device)
            : null;
    }

    private static Refusal Identity(string kind, string name, ReadOnlySpan<byte> device) => new(
        IngestOutcome.RejectedIdentity,
        "identity-mismatch",
        $"The {kind} is '{name}' and may not publish for device '{Encoding.ASCII.GetString(device)}'.");

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
