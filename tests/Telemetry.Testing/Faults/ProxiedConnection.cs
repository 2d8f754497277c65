using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Telemetry.Testing.Faults;

/// <summary>One connection through a <see cref="TcpProxy"/>: each direction reads ahead a bounded amount and delivers as the mode says.</summary>
internal sealed class ProxiedConnection(TcpProxy proxy, Socket client) : IDisposable
{
    private const int ChunkBytes = 16 * 1024;
    private const int ChunksAhead = 64;

    private readonly CancellationTokenSource _reset = new();
    private Socket? _server;
    private int _lossy;

    /// <summary>Both sides see RST.</summary>
    public void Reset()
    {
        try
        {
            _reset.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // Ended by itself.
        }
    }

    public async Task RunAsync(Func<CancellationToken, Task<Socket?>> connect, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_reset.Token, stop);
        try
        {
            client.NoDelay = true;
            _server = await connect(end.Token);
            if (_server is not null)
            {
                await Task.WhenAll(PassAsync(client, _server, end.Token), PassAsync(_server, client, end.Token));
            }
            else
            {
                Reset();
            }
        }
        catch (OperationCanceledException)
        {
            // Reset on purpose, or the end of the proxy: closed below.
        }
        finally
        {
            Close(client);
            Close(_server);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _server?.Dispose();
        _reset.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var chunks = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
        await Task.WhenAll(ReadAsync(from, chunks.Writer, cancellationToken), DeliverAsync(chunks.Reader, to, cancellationToken));
    }

    private async Task ReadAsync(Socket from, ChannelWriter<Chunk> chunks, CancellationToken cancellationToken)
    {
        var due = DateTimeOffset.MinValue;
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
                var length = await from.ReceiveAsync(buffer.AsMemory(0, ChunkBytes), cancellationToken);
                if (length == 0)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    return;
                }

                due = Later(due, Due());
                await chunks.WriteAsync(new Chunk(buffer, length, due), cancellationToken);
            }
        }
        catch (SocketException)
        {
            Reset(); // One side broke: so does the other.
        }
        finally
        {
            chunks.Complete();
        }
    }

    private async Task DeliverAsync(ChannelReader<Chunk> chunks, Socket to, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var chunk in chunks.ReadAllAsync(cancellationToken))
            {
                await DeliverAsync(chunk, to, cancellationToken);
                ArrayPool<byte>.Shared.Return(chunk.Buffer);
            }

            var state = await proxy.HeldAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested(); // A reset must not be seen as an orderly end.
            if (!Lost(state))
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            Reset();
        }
    }

    private async Task DeliverAsync(Chunk chunk, Socket to, CancellationToken cancellationToken)
    {
        var state = await proxy.HeldAsync(cancellationToken);
        if (Lost(state))
        {
            proxy.Lose(chunk.Length);
            return;
        }

        switch (state.Mode)
        {
            case LinkMode.DelayMode when chunk.Due - proxy.Time.GetUtcNow() is { Ticks: > 0 } wait:
                await Task.Delay(wait, proxy.Time, cancellationToken);
                break;
            case LinkMode.ThrottleMode throttle:
                await Task.Delay(TimeSpan.FromSeconds((double)chunk.Length / throttle.BytesPerSecond), proxy.Time, cancellationToken);
                break;
        }

        await SendAllAsync(to, chunk.Buffer.AsMemory(0, chunk.Length), cancellationToken);
    }

    /// <summary>True when this connection loses what it carries now, or has lost something before.</summary>
    private bool Lost(LinkState state)
    {
        if (state.Mode == LinkMode.Blackhole && Interlocked.Exchange(ref _lossy, 1) == 0)
        {
            _ = ResetAfterAsync(state.Ended);
        }

        return Volatile.Read(ref _lossy) == 1;
    }

    /// <summary>What was lost cannot be followed by more: once the hole ends, so does the connection.</summary>
    private async Task ResetAfterAsync(Task ended)
    {
        await ended;
        Reset();
    }

    private DateTimeOffset Due() => proxy.Mode is LinkMode.DelayMode delay
        ? proxy.Time.GetUtcNow() + delay.Latency + proxy.DrawJitter(delay.Jitter)
        : DateTimeOffset.MinValue;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await to.SendAsync(bytes, cancellationToken)..];
        }
    }

    /// <summary>RST after a reset, FIN after an orderly end.</summary>
    private void Close(Socket? socket)
    {
        if (socket is null)
        {
            return;
        }

        if (_reset.IsCancellationRequested)
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        socket.Dispose();
    }

    private readonly record struct Chunk(byte[] Buffer, int Length, DateTimeOffset Due);
}
