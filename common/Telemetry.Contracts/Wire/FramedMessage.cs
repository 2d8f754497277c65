using Google.Protobuf;

namespace Telemetry.Contracts.Wire;

/// <summary>A Protobuf message in Confluent wire format as an array of its own, for values that are rare.</summary>
public static class FramedMessage
{
    /// <summary>Header and message.</summary>
    /// <param name="message">First message of its schema.</param>
    /// <param name="schemaId">Id of the schema.</param>
    public static byte[] Write(IMessage message, int schemaId)
    {
        var value = new byte[ConfluentFrame.HeaderBytes + message.CalculateSize()];
        ConfluentFrame.WriteHeader(value, schemaId);
        message.WriteTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        return value;
    }
}
