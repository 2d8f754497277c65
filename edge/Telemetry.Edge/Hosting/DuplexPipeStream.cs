using System.Buffers;
using System.IO.Pipelines;

namespace Telemetry.Edge.Hosting;

/// <summary>A transport's two pipes as one stream, for SslStream to sit on.</summary>
internal sealed class DuplexPipeStream(IDuplexPipe pipe) : ConnectionStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
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
