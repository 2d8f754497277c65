using System.Threading.Channels;
using Google.Protobuf;
using Telemetry.Alarms.Diagnostics;

namespace Telemetry.Alarms.Streaming;

/// <summary>One open call: what it wants, and what waits for it, bounded in bytes.</summary>
/// <typeparam name="T">What it gets.</typeparam>
internal sealed class StreamClient<T>(Func<T, bool> wants, long bytesMax) : IStreamClient
    where T : class, IMessage
{
    private readonly Channel<T> _backlog = Channel.CreateUnbounded<T>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>How long one that is too slow may take to read what waits and why it is ended; then it is cut off.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _cut = new();
    private readonly Lock _gate = new();
    private long _bytes;
    private bool _isGone;

    /// <summary>True: it was too slow, and gets nothing more.</summary>
    public bool IsTooSlow { get; private set; }

    /// <summary>Fires when the call is to be cut off.</summary>
    public CancellationToken Cut => _cut.Token;

    public ChannelReader<T> Messages => _backlog.Reader;

    /// <summary>Never waits.</summary>
    public void Offer(IMessage message)
    {
        lock (_gate)
        {
            OfferOne(message);
        }
    }

    /// <summary>A message has been sent.</summary>
    public void Sent(T message) => Interlocked.Add(ref _bytes, -message.CalculateSize());

    /// <summary>Nothing more comes.</summary>
    public void Complete() => _backlog.Writer.TryComplete();

    public void Dispose()
    {
        lock (_gate)
        {
            _isGone = true;
            _cut.Dispose();
        }
    }

    private void OfferOne(IMessage message)
    {
        if (_isGone || IsTooSlow || message is not T wanted || !wants(wanted))
        {
            return;
        }

        if (Interlocked.Add(ref _bytes, wanted.CalculateSize()) > bytesMax)
        {
            IsTooSlow = true;
            AlarmsMetrics.StreamDropped();
            _backlog.Writer.TryComplete();
            _cut.CancelAfter(Grace);
            return;
        }

        _backlog.Writer.TryWrite(wanted);
    }
}

/// <summary>A call that can be offered messages.</summary>
internal interface IStreamClient : IDisposable
{
    void Offer(IMessage message);

    void Complete();
}
