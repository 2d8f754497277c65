using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Telemetry.Storage.Audit;

/// <summary>Reads fields of ClickHouse's format RowBinary from a stream.</summary>
internal sealed class RowBinaryReader(Stream stream)
{
    private const int StringBytesMax = 64 << 10;
    private readonly byte[] _buffer = new byte[256 << 10];
    private ulong[] _array = new ulong[1024];
    private int _start;
    private int _end;

    /// <summary>A string, or null at the end of the result.</summary>
    public async ValueTask<string?> TryReadStringAsync(CancellationToken cancellationToken)
    {
        if (_start == _end && !await TryFillAsync(1, cancellationToken))
        {
            return null;
        }

        var length = (int)await ReadLengthAsync(StringBytesMax, cancellationToken);
        await FillAsync(length, cancellationToken);
        var text = Encoding.UTF8.GetString(_buffer, _start, length);
        _start += length;
        return text;
    }

    public async ValueTask<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        await FillAsync(1, cancellationToken);
        return _buffer[_start++];
    }

    public async ValueTask<ulong> ReadUInt64Async(CancellationToken cancellationToken)
    {
        await FillAsync(sizeof(ulong), cancellationToken);
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_start));
        _start += sizeof(ulong);
        return value;
    }

    /// <summary>An array, valid until the next.</summary>
    public async ValueTask<Memory<ulong>> ReadUInt64sAsync(CancellationToken cancellationToken)
    {
        var count = (int)await ReadLengthAsync(Array.MaxLength / sizeof(ulong), cancellationToken);
        if (count > _array.Length)
        {
            _array = new ulong[Math.Max(count, (int)Math.Min(_array.Length * 2L, Array.MaxLength))];
        }

        var read = 0;
        while (read < count)
        {
            await FillAsync(sizeof(ulong), cancellationToken);
            var take = Math.Min(count - read, (_end - _start) / sizeof(ulong));
            _buffer.AsSpan(_start, take * sizeof(ulong)).CopyTo(MemoryMarshal.AsBytes(_array.AsSpan(read, take)));
            _start += take * sizeof(ulong);
            read += take;
        }

        return _array.AsMemory(0, count);
    }

    private async ValueTask<ulong> ReadLengthAsync(int most, CancellationToken cancellationToken)
    {
        var length = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = await ReadByteAsync(cancellationToken);
            length |= (ulong)(part & 0x7F) << shift;
            if (length > (ulong)most || shift > 56)
            {
                throw new InvalidDataException($"The store's answer has a field of {length} bytes or more; at most {most} were expected.");
            }

            if (part < 0x80)
            {
                return length;
            }
        }
    }

    private async ValueTask FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_end - _start < count && !await TryFillAsync(count, cancellationToken))
        {
            throw new EndOfStreamException("The store's answer ended inside a row.");
        }
    }

    private async ValueTask<bool> TryFillAsync(int count, CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < count)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }
}
