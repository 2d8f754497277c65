using System.Buffers;

namespace Telemetry.Query.Answers;

/// <summary>Bytes into a response's body.</summary>
internal static class BodyBytes
{
    /// <summary>
    /// Asks for the room that it needs. Before a response has started, Kestrel lends an empty span to who names no size, where the transport's memory
    /// is that of the shared pool.
    /// </summary>
    public static void Put(this IBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
    }
}
