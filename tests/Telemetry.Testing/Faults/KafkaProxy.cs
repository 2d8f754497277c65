using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telemetry.Testing.Faults;

/// <summary>
/// Stands between the clients of one broker and that broker, and can lose single answers: the broker has done what it was asked, the
/// client never hears of it, and the connection stays. The broker has to name this address in its advertised.listeners.
/// </summary>
public sealed class KafkaProxy : IAsyncDisposable
{
    private const int FrameBytesMax = 64 << 20;
    private const int LengthBytes = 4;

    private readonly LoopbackServer _server;
    private readonly TaskCompletionSource<IPEndPoint> _broker = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Func<KafkaAnswer, bool> _loses = static _ => false;

    public KafkaProxy() => _server = new LoopbackServer(ServeAsync);

    /// <summary>Where clients connect; they wait there until the broker is known.</summary>
    public IPEndPoint EndPoint => _server.EndPoint;

    /// <summary>Names the broker, once: its own port is known only when it runs, and by then it advertises ours.</summary>
    public void ConnectTo(IPEndPoint broker) => _broker.SetResult(broker);

    /// <summary>Asks of each answer from now on whether it gets lost; called on any thread.</summary>
    public void Lose(Func<KafkaAnswer, bool> loses) => _loses = loses;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var broker = new TcpClient { NoDelay = true };
        await broker.ConnectAsync(await _broker.Task.WaitAsync(cancellationToken), cancellationToken);
        client.NoDelay = true;
        var asked = new ConcurrentDictionary<int, KafkaAnswer>();

        // When one side is gone, so is the other.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var requests = PassRequestsAsync(client.GetStream(), broker.GetStream(), asked, end.Token);
        var answers = PassAnswersAsync(broker.GetStream(), client.GetStream(), asked, end.Token);
        await Task.WhenAny(requests, answers);
        await end.CancelAsync();
        await Task.WhenAll(requests, answers);
    }

    /// <summary>Request header: api key, api version (16 bits each), correlation id (32), client id (16 bits of length; -1: none).</summary>
    private static async Task PassRequestsAsync(
        NetworkStream from, NetworkStream to, ConcurrentDictionary<int, KafkaAnswer> asked, CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await ReadFrameAsync(from, cancellationToken);
            var header = frame.AsSpan(LengthBytes);
            var clientIdBytes = Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(header[8..]));
            asked[BinaryPrimitives.ReadInt32BigEndian(header[4..])] = new KafkaAnswer(
                BinaryPrimitives.ReadInt16BigEndian(header),
                BinaryPrimitives.ReadInt16BigEndian(header[2..]),
                Encoding.UTF8.GetString(header.Slice(10, clientIdBytes)),
                default);
            await to.WriteAsync(frame, cancellationToken);
        }
    }

    /// <summary>An answer begins with the correlation id of its request.</summary>
    private async Task PassAnswersAsync(
        NetworkStream from, NetworkStream to, ConcurrentDictionary<int, KafkaAnswer> asked, CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await ReadFrameAsync(from, cancellationToken);
            if (!asked.TryRemove(BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(LengthBytes)), out var answer)
                || !_loses(answer with { Body = frame.AsMemory(LengthBytes + sizeof(int)) }))
            {
                await to.WriteAsync(frame, cancellationToken);
            }
        }
    }

    /// <summary>A frame with the length in front of it.</summary>
    private static async Task<byte[]> ReadFrameAsync(NetworkStream from, CancellationToken cancellationToken)
    {
        var length = new byte[LengthBytes];
        await from.ReadExactlyAsync(length, cancellationToken);
        var size = BinaryPrimitives.ReadInt32BigEndian(length);
        if (size is < 4 or > FrameBytesMax)
        {
            throw new IOException($"A frame of {size} bytes is not Kafka's protocol.");
        }

        var frame = new byte[LengthBytes + size];
        length.CopyTo(frame, 0);
        await from.ReadExactlyAsync(frame.AsMemory(LengthBytes), cancellationToken);
        return frame;
    }
}
