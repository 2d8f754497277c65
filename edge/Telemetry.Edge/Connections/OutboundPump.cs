using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Connections;

/// <summary>
/// The one writer of a connection. Packets of the reader, finished acknowledgements and the session's messages are pulled
/// here, in that order, as many as fit into a flush; whoever has made something new calls <see cref="Wake"/>. No task waits
/// while there is nothing to write.
/// </summary>
internal sealed class OutboundPump(
    MqttConnection connection, PipeWriter output, AckWindow acks, IAuthorizer authorizer, EdgeMetrics metrics, TimerWheel wheel, TimeProvider time)
    : IThreadPoolWorkItem
{
    /// <summary>Bytes written before a flush.</summary>
    private const int FlushSize = 32 * 1024;

    /// <summary>Longest Reason String: it may quote what the client sent, and the protocol has an end at 65,535 bytes.</summary>
    private const int ReasonBytesMax = 1024;

    private readonly Lock _gate = new();
    private readonly ControlBuffer _control = new();
    private OutboundAliases? _aliases;
    private TaskCompletionSource? _idle;
    private int _state;
    private int _packets;
    private int _controlPackets;
    private bool _onlyControl = true;
    private bool _comesBack;

    /// <summary>Bytes of the reader's packets not yet written: the reader waits when there are too many.</summary>
    public int ControlBytes
    {
        get
        {
            lock (_gate)
            {
                return _control.Count;
            }
        }
    }

    /// <summary>The connection has its CONNACK: acknowledgements and messages may follow.</summary>
    public void Open() => Volatile.Write(ref _onlyControl, false);

    /// <summary>Adds a packet; the caller wakes the pump.</summary>
    public void Write<TState>(TState state, Action<IBufferWriter<byte>, TState> write)
    {
        lock (_gate)
        {
            write(_control, state);
            _controlPackets++;
        }
    }

    /// <summary>Adds PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public void WriteAck(MqttPacketType type, ushort identifier, ReasonCode code = ReasonCode.Success, string? reason = null)
    {
        lock (_gate)
        {
            WriteAck(_control, type, identifier, code, reason);
            _controlPackets++;
        }
    }

    /// <summary>Adds the last packet (or nothing); nothing but it and what is in the buffer is written any more. [MQTT-3.14.4-1]</summary>
    public void WriteLast(CloseReason reason, ClientContext? client)
    {
        lock (_gate)
        {
            if (client is { Version: MqttVersion.V500 } && reason.Code is { } code)
            {
                var properties = reason.Message is null && reason.ServerReference is null
                    ? null
                    : new MqttProperties { ReasonString = reason.Message, ServerReference = reason.ServerReference };
                DisconnectPacket.Write(_control, client.Version, code, properties, client.MaximumPacketSize);
                _controlPackets++;
            }

            Volatile.Write(ref _onlyControl, true);
        }
    }

    /// <summary>Starts the writer if it is not at work; it looks again if it is.</summary>
    public void Wake()
    {
        if (Move(PumpInput.Wake) == PumpState.Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>As <see cref="Wake"/>, writing on this thread.</summary>
    public void WakeHere()
    {
        if (Move(PumpInput.Wake) == PumpState.Idle)
        {
            Execute();
        }
    }

    public void Execute()
    {
        var running = RunAsync();
        if (!running.IsCompleted)
        {
            // RunAsync ends in Idle or Failed and throws nothing; WhenWrittenAsync is who waits for it.
            running.AsTask();
        }
    }

    /// <summary>Completes when everything was handed to the transport, or cannot be any more.</summary>
    public Task WhenWrittenAsync(CancellationToken cancellationToken) => WhenIdle().WaitAsync(cancellationToken);

    private Task WhenIdle()
    {
        Task idle;
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
        }

        WakeHere();
        return (PumpState)Volatile.Read(ref _state) == PumpState.Failed ? Task.CompletedTask : idle;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync()
    {
        try
        {
            while (true)
            {
                while (WriteSome())
                {
                    metrics.Written(_packets, output.UnflushedBytes);
                    _packets = 0;
                    var flushed = await output.FlushAsync();
                    if (flushed.IsCompleted)
                    {
                        Fail();
                        return;
                    }
                }

                // Read before the state is let go: another thread may write then.
                var comesBack = _comesBack;
                if (Move(PumpInput.Finished) == PumpState.Running)
                {
                    SignalIdle();
                    if (comesBack)
                    {
                        Wake();
                    }

                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException
            or OperationCanceledException or Microsoft.AspNetCore.Connections.ConnectionAbortedException)
        {
            Fail();
        }
    }

    private void Fail()
    {
        Move(PumpInput.Break);
        connection.RequestClose(CloseReason.ClientGone);
        SignalIdle();
    }

    private void SignalIdle()
    {
        TaskCompletionSource? idle;
        lock (_gate)
        {
            (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }

    /// <returns>The state before.</returns>
    private PumpState Move(PumpInput input)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var next = (int)PumpTransitions.Next((PumpState)state, input);
            if (next == state || Interlocked.CompareExchange(ref _state, next, state) == state)
            {
                return (PumpState)state;
            }
        }
    }

    private bool WriteSome()
    {
        var before = output.UnflushedBytes;
        _comesBack = false;
        lock (_gate)
        {
            if (_control.Count > 0)
            {
                _control.MoveTo(output);
                _packets += _controlPackets;
                _controlPackets = 0;
            }
        }

        var limit = before + FlushSize;
        if (!Volatile.Read(ref _onlyControl))
        {
            WriteFinishedAcks(limit);
            WriteMessages(limit);
        }

        return output.UnflushedBytes > before;
    }

    private void WriteFinishedAcks(long limit)
    {
        while (output.UnflushedBytes < limit && acks.TryTake(out var slot))
        {
            var type = slot.Qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec;
            WriteAck(output, type, slot.Identifier, slot.Code, slot.Reason);
            _packets++;
            if (slot.StartedAt != AckWindow.NotMeasured)
            {
                metrics.IngestAnswered(time.GetElapsedTime(slot.StartedAt));
            }
        }
    }

    private void WriteAck(IBufferWriter<byte> to, MqttPacketType type, ushort identifier, ReasonCode code, string? reason)
    {
        if (code == ReasonCode.Success && reason is null)
        {
            PubAckPacket.Write(to, type, identifier);
            return;
        }

        var client = connection.Client!;
        var properties = reason is not null && client.ProblemInformation
            ? new MqttProperties { ReasonString = MqttUtf8.Fit(reason, ReasonBytesMax) }
            : null;
        PubAckPacket.Write(to, type, client.Version, identifier, code, properties, client.MaximumPacketSize);
    }

    private void WriteMessages(long limit)
    {
        var session = connection.Session!;
        var identity = connection.Client!.Identity;
        var now = wheel.Now;
        var expired = 0;
        var sent = default(PacketCounts);
        while (output.UnflushedBytes < limit && !Volatile.Read(ref _onlyControl)
            && session.TryNext(connection, now, ref expired, out var delivery))
        {
            if (delivery.IsPubRel)
            {
                PubAckPacket.Write(output, MqttPacketType.PubRel, delivery.PacketIdentifier);
                _packets++;
            }
            else if (!authorizer.MayReceive(identity, delivery.Copy.Message.Topic))
            {
                // Rules may have changed since the subscription, and the session may be older than this process.
                session.Abandon(delivery.PacketIdentifier);
                metrics.Dropped(DropCause.NotAuthorized, 1);
            }
            else if (TryWritePublish(delivery, now))
            {
                sent.Add(delivery.Copy.Qos);
                _packets++;
            }
            else
            {
                session.Abandon(delivery.PacketIdentifier);
                metrics.Dropped(DropCause.TooLarge, 1);
            }
        }

        // A long search for retained messages is done in slices, other connections take their turn between them.
        _comesBack = !Volatile.Read(ref _onlyControl) && session.WantsFeeding;
        metrics.Sent(sent);
        metrics.Dropped(DropCause.Expired, expired);
    }

    private bool TryWritePublish(in Delivery delivery, long now)
    {
        var client = connection.Client!;
        var copy = delivery.Copy;
        var content = copy.Message.Content;
        if (client.Version == MqttVersion.V311)
        {
            return TryWritePublish(client, copy, new PublishDelivery
            {
                Qos = (MqttQos)copy.Qos,
                Retain = copy.Retain,
                Duplicate = delivery.Duplicate,
                PacketIdentifier = delivery.PacketIdentifier,
            });
        }

        ushort alias = 0;
        var known = false;
        if (client.TopicAliasMaximum > 0)
        {
            _aliases ??= new OutboundAliases(Math.Min(client.TopicAliasMaximum, connection.OutboundAliasMaximum));
            alias = _aliases.Get(content.TopicName, out known);
        }

        ReadOnlySpan<uint> identifiers = copy.MoreIdentifiers is { } more ? [copy.Identifier, .. more]
            : copy.Identifier == 0 ? []
            : [copy.Identifier];
        var written = TryWritePublish(client, copy, new PublishDelivery
        {
            Qos = (MqttQos)copy.Qos,
            Retain = copy.Retain,
            Duplicate = delivery.Duplicate,
            PacketIdentifier = delivery.PacketIdentifier,
            MessageExpiryInterval = copy.Message.RemainingSeconds(now),
            TopicAlias = alias,
            OmitTopicName = known,
            SubscriptionIdentifiers = identifiers,
        });
        if (written && alias != 0 && !known)
        {
            _aliases!.Set(content.TopicName, alias);
        }

        return written;
    }

    private bool TryWritePublish(ClientContext client, in Outgoing copy, in PublishDelivery header)
    {
        var content = copy.Message.Content;
        if (client.MaximumPacketSize != int.MaxValue
            && PublishPacket.SizeOf(client.Version, content, header) > client.MaximumPacketSize)
        {
            return false;
        }

        PublishPacket.Write(output, client.Version, content, header);
        return true;
    }
}
