using System.Net;
using System.Net.Sockets;
using MQTTnet.Channel;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// A socket's stream that receives ahead into a small buffer. MQTTnet reads a packet's header and its body one by one, two
/// system calls for an acknowledgement of four bytes; here one receive takes all the acknowledgements that have come.
/// </summary>
internal sealed class ReadAheadStream(Socket socket) : Stream
{
    // 128 acknowledgements; small enough to be held by 10,000 idle connections.
    private readonly byte[] _ahead = new byte[512];
    private int _start;
    private int _end;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start < _end || buffer.IsEmpty)
        {
            return ValueTask.FromResult(Take(buffer.Span));
        }

        return buffer.Length >= _ahead.Length
            ? socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
            : ReceiveAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        (_start, _end) = (0, await socket.ReceiveAsync(_ahead, SocketFlags.None, cancellationToken));
        return Take(buffer.Span);
    }

    private int Take(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _end - _start);
        _ahead.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <summary>Opens one for each connection.</summary>
    internal sealed class Provider : IMqttClientStreamProvider
    {
        public async Task<Stream> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(endpoint, cancellationToken);
                return new ReadAheadStream(socket);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
