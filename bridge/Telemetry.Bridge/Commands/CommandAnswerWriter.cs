using System.Text;
using Google.Protobuf;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Commands;

/// <summary>Makes records of <see cref="Contracts.LogTopics.CommandResults"/>. Commands are rare, so it may allocate.</summary>
internal static class CommandAnswerWriter
{
    /// <summary>The framed value of a device's answer.</summary>
    public static byte[] Answer(
        in IngestPublish publish, ReadOnlySpan<byte> device, ReadOnlySpan<byte> commandId, bool refused, long nowUs, BridgeOptions options) =>
        FramedMessage.Write(
            new CommandResult
            {
                Device = Encoding.ASCII.GetString(device),
                CommandId = Encoding.ASCII.GetString(commandId),
                Status = refused ? CommandStatus.Refused : CommandStatus.Answered,
                Payload = ByteString.CopyFrom(publish.Payload),
                ContentType = Encoding.UTF8.GetString(publish.ContentType),
                TimeUs = nowUs,
                Edge = options.EdgeName,
            },
            options.CommandResultSchemaId);

    /// <summary>The framed value that says a command was sent.</summary>
    public static byte[] Sent(DeviceCommand command, long nowUs, BridgeOptions options) =>
        FramedMessage.Write(
            new CommandResult
            {
                Device = command.Device,
                CommandId = command.CommandId,
                Status = CommandStatus.Sent,
                TimeUs = nowUs,
                Edge = options.EdgeName,
            },
            options.CommandResultSchemaId);
}
