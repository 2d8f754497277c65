using System.Buffers;
using System.Text;
using MQTTnet;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Bridge.Links;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Upstream;

/// <summary>
/// One connection to the broker, from CONNECT to its end: messages go to the log, acknowledgements back to the broker once the log has them.
/// The client is made anew for each connection, so that a late answer of the log can never acknowledge a message of the next one.
/// </summary>
internal sealed class UpstreamConnection : IAsyncDisposable
{
    private readonly UpstreamOptions _options;
    private readonly IIngest _ingest;
    private readonly UpstreamMetrics _metrics;
    private readonly string _clientId;
    private readonly ReceiveBudget _budget;
    private readonly UpstreamWindow<MqttApplicationMessageReceivedEventArgs> _window;
    private readonly IMqttClient _client;
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private Task _acknowledging = Task.CompletedTask;
    private byte[] _topic = new byte[256];
    private volatile bool _closing;

    public UpstreamConnection(UpstreamOptions options, string clientId, IIngest ingest, UpstreamMetrics metrics)
    {
        (_options, _clientId, _ingest, _metrics) = (options, clientId, ingest, metrics);
        _budget = new ReceiveBudget(options.WaitingBytesMax);
        _window = new UpstreamWindow<MqttApplicationMessageReceivedEventArgs>(options.ReceiveMaximum);
        var logger = MqttNetNullLogger.Instance;
        _client = new MqttClientFactory(logger).CreateMqttClient(logger, new BoundedAdapterFactory(_budget));
        _client.ApplicationMessageReceivedAsync += ReceiveAsync;
        _client.DisconnectedAsync += end =>
        {
            _ended.TrySetResult(end);
            return Task.CompletedTask;
        };
    }

    /// <summary>Messages received and not yet acknowledged.</summary>
    public int Waiting => _window.Waiting;

    /// <summary>Connects and subscribes. Messages of a kept session may come before it returns.</summary>
    /// <exception cref="LinkException">It cannot be had; the message says why.</exception>
    public async Task<UpstreamGrant> OpenAsync(IReadOnlyList<string> filters, MqttProtocolVersion version, CancellationToken cancellationToken)
    {
        var link = LinkClientOptions.Create(_options, _clientId, version);
        if (version == MqttProtocolVersion.V500)
        {
            link.WithSessionExpiryInterval((uint)Math.Min(_options.SessionExpiry.TotalSeconds, uint.MaxValue - 1))
                .WithReceiveMaximum((ushort)_options.ReceiveMaximum)
                .WithMaximumPacketSize((uint)_options.PacketBytesMax);
        }

        var answer = await ConnectAsync(link.Build(), cancellationToken);
        return await UpstreamSubscribe.RunAsync(_client, answer, _options, filters, version, cancellationToken);
    }

    /// <summary>Acknowledges what the log has, until the connection ends or is given up.</summary>
    /// <exception cref="LinkException">Why it ended.</exception>
    /// <exception cref="OperationCanceledException">We stop.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var acknowledging = _acknowledging = AcknowledgeAsync();
        var first = await Task.WhenAny(acknowledging, _ended.Task).WaitAsync(cancellationToken);
        await _over.CancelAsync();
        await acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first == acknowledging && acknowledging.IsCompletedSuccessfully)
        {
            throw new LinkException("The log did not take a message, which stays with the broker and is asked for again.", LinkFault.Log);
        }

        throw LinkFaults.Ended(_ended.Task.IsCompletedSuccessfully ? _ended.Task.Result : null, acknowledging.Exception?.InnerException, _clientId);
    }

    /// <summary>Publishes, QoS 0, not retained.</summary>
    /// <returns>False when the connection is gone.</returns>
    public async ValueTask<bool> TryPublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            var message = new MqttApplicationMessage { Topic = topic, Payload = new ReadOnlySequence<byte>(payload) };
            return (await _client.PublishAsync(message, cancellationToken)).IsSuccess;
        }
        catch (Exception e) when (e is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// Takes nothing more, acknowledges what the log gets in the given time, and takes leave; the broker keeps the session.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        _closing = true;
        try
        {
            while (_window.Waiting > 0 && !_acknowledging.IsCompleted && !_ended.Task.IsCompleted)
            {
                await Task.WhenAny(_acknowledging, _ended.Task, Task.Delay(5, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }

            await _over.CancelAsync();
            await _acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken);
        }
        catch (Exception e) when (e is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or InvalidOperationException)
        {
            // What is not acknowledged comes again at the next start.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _client.Dispose();
        _over.Dispose();
    }

    private async Task<MqttClientConnectResult> ConnectAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        MqttClientConnectResult answer;
        try
        {
            answer = await _client.ConnectAsync(options, limit.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not LinkException)
        {
            throw LinkFaults.Connecting(e, _options);
        }

        return answer.ResultCode == MqttClientConnectResultCode.Success ? answer : throw LinkFaults.Refused(answer, _clientId);
    }

    /// <summary>Called by MQTTnet with one message after the other; while it waits, no more comes.</summary>
    private async Task ReceiveAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        received.AutoAcknowledge = false;
        var message = received.ApplicationMessage;
        try
        {
            if (_closing)
            {
                return; // Not acknowledged: it comes again.
            }

            _metrics.Received(message.Dup);
            var number = await _window.EnterAsync(received, _over.Token);
            while (!TryIngest(message, number))
            {
                await _ingest.WaitForCapacityAsync(_over.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is over; the message comes again with the next.
        }
        finally
        {
            _budget.Free(BoundedAdapter.SizeOf(message.Payload.Length, message.Topic));
        }
    }

    private bool TryIngest(MqttApplicationMessage message, ulong number)
    {
        var topicBytes = Encoding.UTF8.GetByteCount(message.Topic);
        if (topicBytes > _topic.Length)
        {
            _topic = new byte[topicBytes];
        }

        Encoding.UTF8.GetBytes(message.Topic, _topic);
        var payload = message.Payload.IsSingleSegment ? message.Payload.FirstSpan : message.Payload.ToArray();
        var publish = new IngestPublish
        {
            TopicName = _topic.AsSpan(0, topicBytes),
            Payload = payload,
            ClientId = _clientId,
            UserName = _options.Identity == UpstreamIdentity.UserProperty ? Property(message, _options.IdentityProperty) ?? "" : null,
            ContentType = message.ContentType is { } type ? Encoding.UTF8.GetBytes(type) : default,
            TraceParent = Property(message, "traceparent") is { } trace ? Encoding.UTF8.GetBytes(trace) : default,
            Qos = (int)message.QualityOfServiceLevel,
            Duplicate = message.Dup,
        };
        return _ingest.TryIngest(publish, _window, number);
    }

    private static string? Property(MqttApplicationMessage message, string name)
    {
        string? value = null;
        foreach (var property in message.UserProperties ?? [])
        {
            // The last one counts: a broker adds its own behind those of the device.
            value = property.Name == name ? Encoding.UTF8.GetString(property.ValueBuffer.Span) : value;
        }

        return value;
    }

    private async Task AcknowledgeAsync()
    {
        while (await _window.NextAsync(_over.Token) is { } message)
        {
            await message.AcknowledgeAsync(_over.Token);
            _window.Release();
            if (message.ApplicationMessage.QualityOfServiceLevel != MqttQualityOfServiceLevel.AtMostOnce)
            {
                _metrics.Acknowledged();
            }
        }
    }
}
