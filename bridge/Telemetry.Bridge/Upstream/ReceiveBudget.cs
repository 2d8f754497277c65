using Telemetry.Streams;

namespace Telemetry.Bridge.Upstream;

/// <summary>
/// Bytes received and not yet handed to the log. MQTTnet queues received messages without a bound; Receive Maximum bounds those of QoS 1
/// and 2 over MQTT 5 only. Beyond the budget the socket is not read, so that TCP holds the broker back.
/// </summary>
/// <param name="bytesMax">The budget; one message alone always passes.</param>
internal sealed class ReceiveBudget(long bytesMax)
{
    private readonly Pulse _freed = new();
    private long _bytes;

    public void Take(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Free(long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        _freed.Signal();
    }

    /// <summary>Completes when more may be received.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (Interlocked.Read(ref _bytes) >= bytesMax)
        {
            await _freed.WaitAsync(cancellationToken);
        }
    }
}
