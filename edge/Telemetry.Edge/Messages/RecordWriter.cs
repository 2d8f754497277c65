using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Edge.Messages;

/// <summary>Writes the broker's own records: numbers as LEB128, bytes and strings behind their length. Reused by its owner.</summary>
internal sealed class RecordWriter
{
    [ThreadStatic]
    private static RecordWriter? _ofThread;

    private readonly ArrayBufferWriter<byte> _output = new(512);

    /// <summary>The instance of this thread, empty. Not to be held over an await, nor over a call that may use it too.</summary>
    public static RecordWriter OfThread
    {
        get
        {
            var writer = _ofThread ??= new RecordWriter();
            if (writer._output.Capacity > 1 << 20)
            {
                // A giant came through: its buffer is given back.
                writer = _ofThread = new RecordWriter();
            }

            writer._output.ResetWrittenCount();
            return writer;
        }
    }

    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    public RecordWriter Number(long value) => Number((ulong)value);

    public RecordWriter Number(ulong value)
    {
        var span = _output.GetSpan(10);
        var count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[count++] = (byte)(value | 0x80);
        }

        span[count++] = (byte)value;
        _output.Advance(count);
        return this;
    }

    /// <summary>Eight bytes: for numbers that are random.</summary>
    public RecordWriter Fixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_output.GetSpan(8), value);
        _output.Advance(8);
        return this;
    }

    public RecordWriter Bytes(ReadOnlySpan<byte> value)
    {
        Number((ulong)value.Length);
        return Raw(value);
    }

    /// <summary>Without a length.</summary>
    public RecordWriter Raw(ReadOnlySpan<byte> value)
    {
        _output.Write(value);
        return this;
    }

    public RecordWriter Text(string value)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _output);
        return this;
    }
}
