using System.Threading.Channels;

namespace Telemetry.Streams;

/// <summary>Wakes one waiter; a signal that comes before the wait is kept, two of them are one.</summary>
public sealed class Pulse
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true, AllowSynchronousContinuations = false,
    });

    /// <summary>Wakes the waiter, or the next one.</summary>
    public void Signal() => _channel.Writer.TryWrite(true);

    /// <summary>Completes at the next signal. One waiter at a time.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken);
}
