using System.Buffers;
using System.Globalization;
using System.Net;
using MQTTnet;
using MQTTnet.Protocol;

namespace Telemetry.Fuzz.Live;

/// <summary>A publisher and a subscriber that behave well, beside those that do not: each message comes once, in order, and none is lost.</summary>
internal sealed class Witness : IAsyncDisposable
{
    private const string Topic = "witness/numbers";

    /// <summary>The publisher is at most this far ahead: what a queue drops because its subscriber is slow is not what is tried here.</summary>
    private const int AheadMax = 100;

    private static readonly MqttClientFactory Factory = new();

    private readonly IMqttClient _publisher = Factory.CreateMqttClient();
    private readonly IMqttClient _subscriber = Factory.CreateMqttClient();
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;
    private int _published = int.MaxValue;
    private string? _fault;

    /// <summary>Messages that came.</summary>
    public int Received => Volatile.Read(ref _next);

    public static async Task<Witness> StartAsync(EndPoint endpoint, CancellationToken cancellation)
    {
        var witness = new Witness();
        foreach (var (client, name) in new[] { (witness._subscriber, "witness-s"), (witness._publisher, "witness-p") })
        {
            await client.ConnectAsync(
                new MqttClientOptions
                {
                    ClientId = name,
                    ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = endpoint },
                    Timeout = TimeSpan.FromMinutes(10),
                    // A process that gets no processor for long sends no PINGREQ in time either; that is not what is tried here.
                    KeepAlivePeriod = TimeSpan.Zero,
                    ProtocolVersion = MQTTnet.Formatter.MqttProtocolVersion.V500,
                },
                cancellation);
        }

        witness._subscriber.ApplicationMessageReceivedAsync += witness.Receive;
        var filter = new MqttTopicFilterBuilder().WithTopic(Topic).WithAtLeastOnceQoS().Build();
        await witness._subscriber.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [filter] }, cancellation);
        return witness;
    }

    /// <summary>Publishes, one after the other, until told to stop; then waits for the last to come.</summary>
    /// <exception cref="FindingException">One was lost, doubled, out of order, or not acknowledged.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var count = 0;
        while (!stop.IsCancellationRequested)
        {
            await _publisher.PublishAsync(new MqttApplicationMessage
            {
                Topic = Topic,
                Payload = new ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes($"{count}")),
                QualityOfServiceLevel = count % 2 == 0 ? MqttQualityOfServiceLevel.AtLeastOnce : MqttQualityOfServiceLevel.ExactlyOnce,
            }, CancellationToken.None);
            count++;
            while (count - Received > AheadMax && !stop.IsCancellationRequested)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }

        Volatile.Write(ref _published, count);
        if (Received < count)
        {
            using var patience = new Patience();
            await _all.Task.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_fault is not null || Received != count || !_publisher.IsConnected || !_subscriber.IsConnected)
        {
            throw new FindingException($"the well-behaved client got {Received} of {count} messages{(_fault is null ? "" : $": {_fault}")}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _publisher.Dispose();
        _subscriber.Dispose();
        await Task.CompletedTask;
    }

    private Task Receive(MqttApplicationMessageReceivedEventArgs received)
    {
        var number = int.Parse(received.ApplicationMessage.ConvertPayloadToString(), CultureInfo.InvariantCulture);
        if (number != _next)
        {
            _fault ??= $"{number} came where {_next} was due";
        }

        if (Interlocked.Increment(ref _next) == Volatile.Read(ref _published))
        {
            _all.TrySetResult();
        }

        return Task.CompletedTask;
    }
}
