using System.Buffers;
using System.Text;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Bridge.Links;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Bridge.Forwarding;

/// <summary>
/// Records as publishes over one connection. Sent in order, one after the other; acknowledged as the central platform answers. After an error
/// nothing more is taken: the journal sends again over the next connection.
/// </summary>
internal sealed class MqttForwardProducer : IRecordProducer
{
    private const string TraceParent = "traceparent";
    private const string ProtobufType = "application/x-protobuf";

    private readonly IMqttClient _client;
    private readonly string _name;
    private readonly int _inFlightMax;
    private readonly Pulse _freed = new();
    private readonly CancellationTokenSource _over = new();
    private int _inFlight;
    private volatile RecordLogException? _error;

    public MqttForwardProducer(IMqttClient client, GatewayOptions options, string clientId, MqttClientConnectResult answer)
    {
        (_client, _name) = (client, clientId);
        _inFlightMax = Math.Min(options.InFlightMax, answer.ReceiveMaximum is > 0 and var max ? max : ushort.MaxValue);
        client.DisconnectedAsync += end =>
        {
            Fail(Transient(LinkFaults.Ended(end, null, clientId).Message));
            return Task.CompletedTask;
        };
        if (!client.IsConnected)
        {
            Fail(Transient("The connection to the central platform ended at once."));
        }
    }

    /// <inheritdoc/>
    public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        if (_error is { } error)
        {
            throw error;
        }

        if (Interlocked.Increment(ref _inFlight) > _inFlightMax)
        {
            Interlocked.Decrement(ref _inFlight);
            return false;
        }

        // MQTTnet takes a lock of its own before it writes, and its waiters come in order.
        _ = SendAsync(Message(record), completion, state);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _inFlight) >= _inFlightMax)
        {
            if (_error is { } error)
            {
                throw error;
            }

            await _freed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _inFlight) > 0 && _error is null)
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var orderly = _error is null;
        Fail(new RecordLogException(RecordLogError.Closed, "The gateway stops."));
        if (orderly)
        {
            try
            {
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None);
            }
            catch (Exception error) when (error is MQTTnet.Exceptions.MqttCommunicationException or InvalidOperationException or OperationCanceledException)
            {
                // It had ended.
            }
        }

        _client.Dispose();
        _over.Dispose();
    }

    private static RecordLogException Transient(string message) => new(RecordLogError.Unavailable, message);

    private void Fail(RecordLogException error)
    {
        if (Interlocked.CompareExchange(ref _error, error, null) is null)
        {
            _ = _over.CancelAsync();
            _freed.Signal();
        }
    }

    private async Task SendAsync(MqttApplicationMessage message, IAppendCompletion? completion, ulong state)
    {
        RecordLogException? error = null;
        try
        {
            var result = await _client.PublishAsync(message, _over.Token);
            error = Judge(result);
        }
        catch (Exception thrown)
        {
            error = _error ?? Transient(thrown.Message);
        }

        if (error is not null)
        {
            Fail(error);
        }

        completion?.Appended(-1, error, state);
        Interlocked.Decrement(ref _inFlight);
        _freed.Signal();
    }

    /// <summary>
    /// Refused for what it is (payload, identity, topic) means that the central platform keeps it as a dead letter: it has it. Everything else
    /// is asked again.
    /// </summary>
    private static RecordLogException? Judge(MqttClientPublishResult result) => result.ReasonCode switch
    {
        MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers => null,
        MqttClientPublishReasonCode.PayloadFormatInvalid or MqttClientPublishReasonCode.TopicNameInvalid => null,
        _ => Transient($"The central platform refuses a record ({result.ReasonCode}). {result.ReasonString} It is asked again; check its access rules for this gateway."),
    };

    private MqttApplicationMessage Message(in NewRecord record)
    {
        // The record's bytes are the reader's: a copy lives until the answer.
        var value = new byte[record.Value.Length + record.ValueTail.Length];
        record.Value.CopyTo(value);
        record.ValueTail.CopyTo(value.AsSpan(record.Value.Length));
        var payload = ConfluentFrame.TryRead(value, out _, out var inner) ? inner : value;
        return new MqttApplicationMessage
        {
            Topic = TopicOf(record),
            Payload = new ReadOnlySequence<byte>(payload),
            ContentType = ProtobufType,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = record.Headers?.TryGet(TraceParent, out var trace) == true ? [new MqttUserProperty(TraceParent, trace)] : null,
        };
    }

    /// <summary>
    /// Readings go where devices publish them. Everything else goes below the gateway's own name, where the central platform keeps it as a dead
    /// letter: nothing is lost, and an operator sees it.
    /// </summary>
    private string TopicOf(in NewRecord record) => record.Topic == LogTopics.Readings
        ? $"telemetry/v1/{Encoding.UTF8.GetString(record.Key)}/readings"
        : $"telemetry/v1/{_name}/{record.Topic}";
}
