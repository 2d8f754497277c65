using System.Buffers.Binary;

namespace Telemetry.Contracts.Wire;

/// <summary>
/// Confluent wire format of a Protobuf value: magic byte 0, schema id (4 bytes, big endian), path of message indexes
/// (one byte 0 for the first message of the schema), then the message.
/// Source: Confluent Schema Registry documentation, "Wire format".
/// </summary>
public static class ConfluentFrame
{
    /// <summary>Bytes in front of the first message of a schema.</summary>
    public const int HeaderBytes = 6;

    /// <summary>Writes the header for the first message of schema <paramref name="schemaId"/> into at least 6 bytes.</summary>
    public static void WriteHeader(Span<byte> destination, int schemaId)
    {
        destination[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], schemaId);
        destination[5] = 0;
    }

    /// <summary>A header of its own, as <see cref="WriteHeader"/> writes it.</summary>
    public static byte[] Header(int schemaId)
    {
        var header = new byte[HeaderBytes];
        WriteHeader(header, schemaId);
        return header;
    }

    /// <summary>Splits a value into schema id and message. False when it is not in this format.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> value, out int schemaId, out ReadOnlyMemory<byte> message)
    {
        schemaId = 0;
        message = default;
        var span = value.Span;
        if (span.Length < HeaderBytes || span[0] != 0)
        {
            return false;
        }

        schemaId = BinaryPrimitives.ReadInt32BigEndian(span[1..]);
        var indexes = new ProtobufReader(span[5..]);
        if (!indexes.TryReadVarint(out var count))
        {
            return false;
        }

        var indexCount = ProtobufReader.ZigZag(count);
        if (indexCount is < 0 or > 16)
        {
            return false;
        }

        for (var i = 0; i < indexCount; i++)
        {
            if (!indexes.TryReadVarint(out _))
            {
                return false;
            }
        }

        message = value[(5 + indexes.Position)..];
        return true;
    }
}
