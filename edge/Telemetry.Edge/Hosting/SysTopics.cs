using System.Globalization;
using System.Reflection;
using System.Text;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Routing;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Hosting;

/// <summary>
/// The broker's figures on <c>$SYS/broker/...</c>, by the names and in the form that mosquitto gives them: retained, and published
/// again when they have changed. One thread at a time calls it, every tick.
/// </summary>
internal sealed class SysTopics(TimeSpan interval, bool retain, MessageRouter router, Func<SysFigures> figures)
{
    private const string Prefix = "$SYS/broker/";

    private static readonly string Version = typeof(SysTopics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    private readonly long _everyMilliseconds = (long)interval.TotalMilliseconds;
    private readonly Dictionary<string, string> _published = [];
    private readonly Dictionary<string, LoadAverage> _loads = [];
    private long _lastAt;
    private long _nextAt;
    private int _mostConnected;

    /// <summary>Publishes when it is time to.</summary>
    /// <param name="now">Milliseconds since the broker was made.</param>
    /// <param name="connected">Clients connected now.</param>
    public void Tick(long now, int connected)
    {
        if (_everyMilliseconds == 0)
        {
            return;
        }

        _mostConnected = Math.Max(_mostConnected, connected);
        if (now < _nextAt)
        {
            return;
        }

        _nextAt = now + _everyMilliseconds;
        PublishAll(now, connected, figures());
    }

    private void PublishAll(long now, int connected, in SysFigures all)
    {
        var totals = all.Totals;
        var known = Math.Max(all.Sessions, connected);
        Publish("version", $"telemetry version {Version}");
        Publish("uptime", $"{now / 1000} seconds");
        Publish("clients/connected", connected);
        Publish("clients/disconnected", known - connected);
        Publish("clients/total", known);
        Publish("clients/maximum", _mostConnected);
        Publish("messages/received", totals.PacketsReceived);
        Publish("messages/sent", totals.PacketsSent);
        Publish("messages/stored", all.RetainedCount + all.Waiting);
        Publish("store/messages/count", all.RetainedCount + all.Waiting);
        Publish("store/messages/bytes", all.RetainedBytes + all.QueuedBytes);
        Publish("publish/messages/received", totals.PublishesReceived);
        Publish("publish/messages/sent", totals.PublishesSent);
        Publish("publish/messages/dropped", totals.Dropped);
        Publish("bytes/received", totals.BytesReceived);
        Publish("bytes/sent", totals.BytesSent);
        Publish("retained messages/count", all.RetainedCount);
        Publish("subscriptions/count", all.Subscriptions);
        var elapsed = TimeSpan.FromMilliseconds(now - _lastAt);
        _lastAt = now;
        if (elapsed > TimeSpan.Zero)
        {
            PublishLoad("messages/received", totals.PacketsReceived, elapsed);
            PublishLoad("messages/sent", totals.PacketsSent, elapsed);
            PublishLoad("publish/received", totals.PublishesReceived, elapsed);
            PublishLoad("publish/sent", totals.PublishesSent, elapsed);
            PublishLoad("publish/dropped", totals.Dropped, elapsed);
            PublishLoad("bytes/received", totals.BytesReceived, elapsed);
            PublishLoad("bytes/sent", totals.BytesSent, elapsed);
            PublishLoad("sockets", totals.Connections, elapsed);
        }
    }

    private void PublishLoad(string name, long count, TimeSpan elapsed)
    {
        if (!_loads.TryGetValue(name, out var load))
        {
            _loads[name] = load = new LoadAverage();
        }

        load.Add(count, elapsed);
        for (var window = 0; window < LoadAverage.Minutes.Length; window++)
        {
            Publish($"load/{name}/{LoadAverage.Minutes[window]}min", load[window].ToString("F2", CultureInfo.InvariantCulture));
        }
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.TryGetValue(name, out var before) && before == value)
        {
            return;
        }

        _published[name] = value;
        var content = PublishMessage.Create(Prefix + name, Encoding.UTF8.GetBytes(value));
        router.PublishHere(new Message(content, (byte)MqttQos.AtMostOnce, retain, long.MaxValue));
    }
}

/// <summary>What is published, as of now.</summary>
/// <param name="Totals">Counters.</param>
/// <param name="Sessions">Sessions kept.</param>
/// <param name="Subscriptions">Subscriptions.</param>
/// <param name="RetainedCount">Retained messages.</param>
/// <param name="RetainedBytes">Their bytes.</param>
/// <param name="Waiting">Messages in the queues of sessions.</param>
/// <param name="QueuedBytes">Their bytes.</param>
internal readonly record struct SysFigures(
    EdgeTotals Totals, int Sessions, int Subscriptions, int RetainedCount, long RetainedBytes, long Waiting, long QueuedBytes);
