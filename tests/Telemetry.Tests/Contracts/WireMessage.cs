using Google.Protobuf;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Contracts;

/// <summary>
/// Makes ReadingBatch messages and writes them in every way the wire format allows: fields in any order, packed, not
/// packed and in chunks of both, scalars sent twice, unknown fields of each wire type between.
/// </summary>
internal static class WireMessage
{
    private static readonly double[] Odd =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, double.Epsilon, double.MaxValue];

    public static ReadingBatch Any(Random random)
    {
        var count = random.Next(8) == 0 ? random.Next(1, 400) : random.Next(1, 9);
        var sensors = random.Next(1, 6);
        var batch = new ReadingBatch
        {
            Device = "press-" + random.Next(100_000),
            BootId = (ulong)random.NextInt64(1, long.MaxValue),
            FirstSequence = (ulong)random.NextInt64(1, random.Next(2) == 0 ? 100 : long.MaxValue),
            BaseTimeUs = random.NextInt64(-(1L << 52), 1L << 52),
        };
        for (var i = 0; i < sensors; i++)
        {
            batch.Sensors.Add("sensor/" + i);
        }

        for (var i = 0; i < count; i++)
        {
            batch.Values.Add(random.Next(5) == 0 ? Odd[random.Next(Odd.Length)] : random.NextDouble() * 100);
        }

        if (sensors > 1 || random.Next(2) == 0)
        {
            batch.SensorIndexes.AddRange(Enumerable.Range(0, count).Select(_ => (uint)random.Next(sensors)));
        }

        if (random.Next(3) > 0)
        {
            batch.TimeDeltasUs.AddRange(Enumerable.Range(0, count).Select(_ => random.NextInt64(-(1L << 40), 1L << 40)));
        }

        if (random.Next(3) == 0)
        {
            batch.Qualities.AddRange(Enumerable.Range(0, count).Select(_ => (Quality)random.Next(3)));
        }

        batch.Count = random.Next(2) == 0 ? (uint)count : 0;
        batch.TimesAssigned = random.Next(4) == 0;
        if (random.Next(4) == 0)
        {
            batch.FirstSequence = 0;
            batch.SequenceDeltas.AddRange(Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(1, 1L << random.Next(1, 54))));
        }

        return batch;
    }

    public static byte[] Write(ReadingBatch batch, Random random)
    {
        // Pieces keep their order within a field; the fields are shuffled among each other.
        var fields = new List<Queue<byte[]>>
        {
            new([Piece(w => { w.WriteTag(1, WireFormat.WireType.LengthDelimited); w.WriteString(batch.Device); })]),
            new([Piece(w => { w.WriteTag(2, WireFormat.WireType.Fixed64); w.WriteFixed64(batch.BootId); })]),
            new([Piece(w => { w.WriteTag(3, WireFormat.WireType.Varint); w.WriteUInt64(batch.FirstSequence); })]),
            new([Piece(w => { w.WriteTag(6, WireFormat.WireType.Fixed64); w.WriteSFixed64(batch.BaseTimeUs); })]),
            new(batch.Sensors.Select(name =>
                Piece(w => { w.WriteTag(4, WireFormat.WireType.LengthDelimited); w.WriteString(name); }))),
            Chunks(5, batch.SensorIndexes, WireFormat.WireType.Varint, (w, v) => w.WriteUInt32(v), random),
            Chunks(7, batch.TimeDeltasUs, WireFormat.WireType.Varint, (w, v) => w.WriteSInt64(v), random),
            Chunks(8, batch.Values, WireFormat.WireType.Fixed64, (w, v) => w.WriteDouble(v), random),
            Chunks(9, batch.Qualities, WireFormat.WireType.Varint, (w, v) => w.WriteEnum((int)v), random),
            new([Piece(w => { w.WriteTag(15, WireFormat.WireType.Varint); w.WriteUInt32(batch.Count); })]),
            new([Piece(w => { w.WriteTag(16, WireFormat.WireType.Varint); w.WriteBool(batch.TimesAssigned); })]),
            Chunks(17, batch.SequenceDeltas, WireFormat.WireType.Varint, (w, v) => w.WriteUInt64(v), random),
        };
        if (random.Next(3) == 0)
        {
            // A scalar sent twice: the last counts.
            var other = Any(random);
            fields[0] = new([
                Piece(w => { w.WriteTag(1, WireFormat.WireType.LengthDelimited); w.WriteString(other.Device); }),
                .. fields[0]]);
            fields[2] = new([
                Piece(w => { w.WriteTag(3, WireFormat.WireType.Varint); w.WriteUInt64(other.FirstSequence + 1); }),
                .. fields[2]]);
        }

        using var output = new MemoryStream();
        while (fields.Count > 0)
        {
            var field = fields[random.Next(fields.Count)];
            if (field.TryDequeue(out var piece))
            {
                output.Write(piece);
                if (random.Next(4) == 0)
                {
                    output.Write(Unknown(random));
                }
            }
            else
            {
                fields.Remove(field);
            }
        }

        return output.ToArray();
    }

    public static byte[] Piece(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
        {
            write(output);
        }

        return memory.ToArray();
    }

    /// <summary>Groups within groups, <paramref name="depth"/> deep, of an unknown field.</summary>
    public static byte[] Groups(int depth) => Piece(w =>
    {
        for (var i = 0; i < depth; i++)
        {
            w.WriteTag(200, WireFormat.WireType.StartGroup);
        }

        for (var i = 0; i < depth; i++)
        {
            w.WriteTag(200, WireFormat.WireType.EndGroup);
        }
    });

    private static Queue<byte[]> Chunks<T>(
        int field, IEnumerable<T> values, WireFormat.WireType single, Action<CodedOutputStream, T> write, Random random)
    {
        var pieces = new Queue<byte[]>();
        var rest = values.ToArray().AsSpan();
        while (!rest.IsEmpty)
        {
            var chunk = rest[..random.Next(1, rest.Length + 1)].ToArray();
            rest = rest[chunk.Length..];
            if (random.Next(3) > 0)
            {
                var body = Piece(w => Array.ForEach(chunk, v => write(w, v)));
                pieces.Enqueue(Piece(w =>
                {
                    w.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    w.WriteBytes(ByteString.CopyFrom(body));
                }));
            }
            else
            {
                Array.ForEach(chunk, v => pieces.Enqueue(Piece(w =>
                {
                    w.WriteTag(field, single);
                    write(w, v);
                })));
            }
        }

        return pieces;
    }

    private static byte[] Unknown(Random random) => random.Next(7) switch
    {
        0 => Piece(w => { w.WriteTag(100, WireFormat.WireType.Varint); w.WriteUInt64((ulong)random.NextInt64()); }),
        1 => Piece(w => { w.WriteTag(101, WireFormat.WireType.Fixed64); w.WriteFixed64(1); }),
        2 => Piece(w => { w.WriteTag(102, WireFormat.WireType.Fixed32); w.WriteFixed32(1); }),
        3 => Piece(w => { w.WriteTag(103, WireFormat.WireType.LengthDelimited); w.WriteString("later"); }),
        4 => Groups(random.Next(1, 4)),
        // A known field with a wire type that is not its own is an unknown field.
        5 => Piece(w => { w.WriteTag(2, WireFormat.WireType.Varint); w.WriteUInt64(7); }),
        _ => Piece(w => { w.WriteTag(5, WireFormat.WireType.Fixed32); w.WriteFixed32(7); }),
    };
}
