using System.Buffers;
using System.IO.Pipelines;
using Telemetry.Edge.Sockets;

namespace Telemetry.Edge.Hosting;

/// <summary>A transport's two pipes as one stream, for SslStream to sit on.</summary>
internal sealed class DuplexPipeStream(IDuplexPipe pipe) : ConnectionStream
{
    /// <summary>While a handshake lasts: what is computed between two reads waits for its turn.</summary>
    public HandshakeTurn? Turn { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Turn is { } turn ? ReadInTurnAsync(turn, buffer, cancellationToken) : ReadNowAsync(buffer, cancellationToken);

    private async ValueTask<int> ReadInTurnAsync(HandshakeTurn turn, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        turn.GiveBack();
        var count = await ReadNowAsync(buffer, cancellationToken);
        await turn.TakeAsync(cancellationToken);
        return count;
    }

    private async ValueTask<int> ReadNowAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.Input.ReadAsync(cancellationToken);
            var available = result.Buffer;
            if (available.IsEmpty && !result.IsCompleted)
            {
                pipe.Input.AdvanceTo(available.Start);
                continue;
            }

            var count = (int)Math.Min(available.Length, buffer.Length);
            var taken = available.Slice(0, count);
            taken.CopyTo(buffer.Span);
            pipe.Input.AdvanceTo(taken.End);
            return count;
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var flushed = await pipe.Output.WriteAsync(buffer, cancellationToken);
        if (flushed.IsCompleted)
        {
            throw new IOException("The connection is closed.");
        }
    }
}
