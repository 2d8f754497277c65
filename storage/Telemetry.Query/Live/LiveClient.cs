using System.Threading.Channels;
using Telemetry.Query.Access;
using Telemetry.Query.Diagnostics;

namespace Telemetry.Query.Live;

/// <summary>One open live stream: its filter, and a bounded backlog of what it has not been sent yet.</summary>
internal sealed class LiveClient
{
    private readonly Channel<LiveItem> _backlog;
    private long _dropped;

    public LiveClient(string? device, string? sensor, int backlogMax)
    {
        Device = device;
        Sensor = sensor;
        _backlog = Channel.CreateBounded<LiveItem>(new BoundedChannelOptions(backlogMax)
        {
            SingleReader = true,
            SingleWriter = true,
        });
    }

    /// <summary>Only this device; null is all.</summary>
    public string? Device { get; }

    /// <summary>Devices it may see.</summary>
    public DeviceScope Devices { get; init; } = DeviceScope.All;

    /// <summary>Only this sensor; null is all.</summary>
    public string? Sensor { get; }

    public ChannelReader<LiveItem> Items => _backlog.Reader;

    /// <summary>Items dropped since the last call, because the client was too slow.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    /// <summary>Offers an item that passed the filter; never waits.</summary>
    public void Offer(in LiveItem item)
    {
        if (!_backlog.Writer.TryWrite(item))
        {
            Interlocked.Increment(ref _dropped);
            QueryMetrics.LiveDrop();
        }
    }
}
