using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// How far a persistent session has got with what the log holds for it: for each partition the offset below which nothing waits any
/// more, and the identifiers in flight. One record of bounded size, written anew with each change that matters.
/// </summary>
/// <param name="Taken">By partition: every message below was sent, has expired or was dropped.</param>
/// <param name="InFlight">In the order they were first sent.</param>
internal sealed record OutboundProgress(Dictionary<int, long> Taken, List<InFlightIdentifier> InFlight)
{
    /// <summary>Of the node that wrote it.</summary>
    public ulong Epoch { get; init; }

    public static OutboundProgress Empty => new([], []);

    public static void Write(RecordWriter writer, ulong incarnation, ulong epoch, Dictionary<int, long> taken, InflightWindow window)
    {
        writer.Fixed(incarnation).Number(epoch).Number((ulong)taken.Count);
        foreach (var (partition, offset) in taken)
        {
            writer.Number((ulong)partition).Number(offset);
        }

        window.Write(writer);
    }

    /// <returns>Null when the record belongs to another session of this client.</returns>
    /// <exception cref="FormatException">Not one of ours.</exception>
    public static OutboundProgress? Read(ReadOnlySpan<byte> value, ulong incarnation)
    {
        var reader = new RecordReader(value);
        if (reader.Fixed() != incarnation)
        {
            return null;
        }

        var progress = Empty with { Epoch = reader.Number() };
        for (var count = reader.Int(); count > 0; count--)
        {
            progress.Taken[reader.Int()] = reader.Signed();
        }

        while (!reader.IsEmpty)
        {
            var identifier = (ushort)reader.Number();
            var state = (InflightState)reader.Byte();
            var isOnLog = reader.Number() == 1;
            progress.InFlight.Add(new InFlightIdentifier(
                identifier, state, isOnLog ? reader.Int() : -1, isOnLog ? reader.Signed() : 0));
        }

        return progress;
    }
}

/// <summary>A packet identifier in use.</summary>
/// <param name="Identifier">1 to 65,535.</param>
/// <param name="State">Where its message stands.</param>
/// <param name="Partition">Partition of its message on the log; -1 when it is not there, or not needed any more.</param>
/// <param name="Offset">Offset of its message on the log.</param>
internal readonly record struct InFlightIdentifier(ushort Identifier, InflightState State, int Partition, long Offset);
