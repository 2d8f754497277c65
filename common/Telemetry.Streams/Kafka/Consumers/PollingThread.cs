using System.Diagnostics;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>The thread that owns a client: polls it, lets it call back, has it moved where the cursors say.</summary>
internal sealed class PollingThread : IAsyncDisposable
{
    /// <summary>Cancelling a poll takes no longer than this.</summary>
    private const int SliceMs = 50;

    private readonly KafkaContext _log;
    private readonly ConsumerOptions _options;
    private readonly KafkaOptions _kafka;
    private readonly KafkaCursors _cursors;
    private readonly CursorMover _mover;
    private readonly PollTurns _turns;
    private readonly GroupMembership _membership;
    private readonly LostAnswers _lostAnswers;
    private AssignmentWatch? _watch;
    private FetchWatch? _fetchWatch;
    private volatile IConsumer<byte[]?, byte[]?> _client;
    private bool _isClassic;
    private Task _leaving = Task.CompletedTask;
    private int _started;
    private long _polls;

    public PollingThread(KafkaContext log, ConsumerOptions options, KafkaOptions kafka, KafkaCursors cursors)
    {
        (_log, _options, _kafka, _cursors) = (log, options, kafka, cursors);
        _isClassic = log.UsesClassicGroups;
        _lostAnswers = new LostAnswers(log.Time);
        Starts = new StartOffsets(log, options, kafka, () => _client!);
        _mover = new CursorMover(log, options.Group, cursors, Starts, () => _client!);
        _turns = new PollTurns(options.AssignmentListener is not null, kafka.MaxPollInterval / 3, KeepAlive);
        _membership = new GroupMembership(log, options, cursors, Starts, _turns);
        _client = Build();
    }

    public IClient Client => _client;

    /// <summary>Where partitions begin.</summary>
    public StartOffsets Starts { get; }

    /// <summary>What the poll answered last collected.</summary>
    public IReadOnlyList<LogRecord> Records { get; private set; } = [];

    public Task<Rebalance?> SendAsync(PollRequest request)
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            new Thread(Run) { IsBackground = true, Name = $"kafka-consumer {_options.Group}" }.Start();
            if (!request.IsClose)
            {
                _fetchWatch = new FetchWatch(
                    _log, _options.Group, _cursors, () => Volatile.Read(ref _polls), (id, timeout) => Starts.End(id, timeout));
            }

            if (_options.Topics.Count > 0 && !request.IsClose)
            {
                _watch = new AssignmentWatch(
                    _log, _options.Group!, Look, _lostAnswers.Confirm);
            }
        }

        return _turns.SendAsync(request);
    }

    /// <summary>By the caller: the listener threw.</summary>
    public void ListenerFailed() => _turns.ListenerFailed();

    /// <summary>Ends what looks after the thread; the thread itself ends with a request.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_watch is { } watch)
        {
            _watch = null;
            await watch.DisposeAsync();
        }

        if (_fetchWatch is { } fetchWatch)
        {
            _fetchWatch = null;
            await fetchWatch.DisposeAsync();
        }
    }

    private MemberLook Look()
    {
        var changes = _membership.Changes;
        return new MemberLook(
            _client.MemberId, _cursors.Ids().ToHashSet(), changes, Volatile.Read(ref _polls), _turns.IsTelling);
    }

    private IConsumer<byte[]?, byte[]?> Build()
    {
        var builder = new ConsumerBuilder<byte[]?, byte[]?>(KafkaClientConfig.Consumer(_kafka, _options, _isClassic))
            .SetKeyDeserializer(Deserializers.ByteArray!)
            .SetValueDeserializer(Deserializers.ByteArray!)
            .SetLogHandler((_, message) => Hear(message))
            .SetErrorHandler((_, error) => _log.Logger.ClientError(error.Code, error.Reason));
        if (_options.Topics.Count > 0)
        {
            builder.SetPartitionsAssignedHandler((client, partitions) => IsFormer(client)
                ? [.. partitions.Select(static p => new TopicPartitionOffset(p, Offset.Unset))]
                : _membership.Assigned(partitions));
            builder.SetPartitionsRevokedHandler((client, partitions) => Gone(client, RebalanceKind.Revoked, partitions));
            builder.SetPartitionsLostHandler((client, partitions) => Gone(client, RebalanceKind.Lost, partitions));
        }

        var client = KafkaClients.Make("consumer", builder.Build);
        if (_options.Topics.Count > 0)
        {
            client.Subscribe(_options.Topics);
        }

        return client;
    }

    private void Hear(LogMessage message)
    {
        if (_kafka.HealsByLog && _lostAnswers.Hear(message))
        {
            _watch?.LookNow();
        }

        _log.Logger.Client(message);
    }

    private void Run()
    {
        while (!_turns.IsClosing)
        {
            _turns.Next();
            try
            {
                if (!_turns.IsClosing && Serve())
                {
                    Records = _cursors.Take();
                    Count(Records);
                    _turns.Request.Reply.SetResult(null);
                }
            }
            catch (Exception error) when (_turns.IsClosing)
            {
                // The poll became a close on the way, in a rebalance; that request is answered when the client has left.
                _log.Logger.CloseFailed(_options.Group, error);
            }
            catch (OperationCanceledException)
            {
                _turns.Request.Reply.TrySetCanceled(_turns.Request.Cancel);
            }
            catch (KafkaException error)
            {
                _turns.Fail(error.ToException($"Group '{_options.Group}' could not poll"));
            }
            catch (Exception error)
            {
                _turns.Fail(error);
            }
        }

        Close();
    }

    private void Close()
    {
        _membership.Release();
        Leave(_client);
        _turns.Request.Reply.TrySetResult(null);
    }

    /// <returns>False: the consumer closes instead.</returns>
    private bool Serve()
    {
        _cursors.ReleaseReturned();
        while (!_turns.IsClosing)
        {
            _turns.ThrowFault();
            if (_membership.HasUntold)
            {
                _membership.TellAssigned();
                continue;
            }

            // One at a time: the former client may still be leaving.
            if (_leaving.IsCompleted && _lostAnswers.TryTake(out var cause))
            {
                Rejoin(cause);
            }

            _log.ThrowIfUnusable();
            var moved = _mover.Move();
            var isFull = _cursors.CollectedCount >= _turns.Request.RecordsMax;
            if (isFull || (!Consume(_cursors.CollectedCount > 0 ? 0 : moved ? Left() : Math.Min(Left(), 5)) && IsEnough()))
            {
                return true;
            }

            // What was collected stays for the next poll.
            _turns.Request.Cancel.ThrowIfCancellationRequested();
        }

        return false;
    }

    /// <summary>
    /// Leaves the group and joins it again as a new member, which the coordinator tells everything; what the old one had is given up in good
    /// order first. With a client of its own: one that unsubscribes and subscribes again while answers are lost may end up in no group at
    /// all, or fail for good (librdkafka 2.16, "ConsumerGroupHeartbeat fatal error: Invalid request").
    /// </summary>
    private void Rejoin(RejoinCause cause)
    {
        var label = cause == RejoinCause.HeartbeatTimeout ? "heartbeat-timeout" : "assignment-differs";
        _log.Metrics.Rejoined(label, _options.Group);
        _log.Logger.MemberRejoins(_options.Group, label);
        var next = Build();
        _membership.GiveUp();
        var former = _client;
        _client = next;

        // Aside: leaving waits for a coordinator that may be away.
        _leaving = BlockingCall.RunAsync(() => Leave(former));
    }

    private void Leave(IConsumer<byte[]?, byte[]?> client)
    {
        try
        {
            client.Close();
        }
        catch (KafkaException error)
        {
            // The group finds out after the session timeout.
            _log.Logger.CloseFailed(_options.Group, error);
        }

        client.Dispose();
    }

    private bool IsFormer(IConsumer<byte[]?, byte[]?> client) => client != _client;

    private void Gone(IConsumer<byte[]?, byte[]?> client, RebalanceKind kind, List<TopicPartitionOffset> partitions)
    {
        // A former client has given up what it had.
        if (!IsFormer(client))
        {
            _membership.Gone(kind, partitions);
        }
    }

    private bool IsEnough() => !_membership.HasUntold && (_cursors.CollectedCount > 0 || Left() == 0);

    private int Left()
    {
        var left = (_turns.Request.Deadline - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
        return (int)Math.Clamp(Math.Ceiling(left), 0, SliceMs);
    }

    /// <returns>True: something came, though perhaps no record.</returns>
    private bool Consume(int waitMs)
    {
        Volatile.Write(ref _polls, _polls + 1);
        ConsumeResult<byte[]?, byte[]?>? result;
        try
        {
            result = _client.Consume(waitMs);
        }
        catch (ConsumeException error)
        {
            Handle(error);
            return true;
        }

        if (result is null)
        {
            return false;
        }

        if (result.IsPartitionEOF)
        {
            _cursors.ReachedEnd(result.Topic, result.Partition.Value, result.Offset.Value);
            return true;
        }

        var message = result.Message;
        _cursors.Collect(new LogRecord(
            result.Topic, result.Partition.Value, result.Offset.Value, message.Timestamp.UnixTimestampMs,
            message.Key, message.Value, KafkaHeaders.Of(message.Headers)));
        return true;
    }

    private void Handle(ConsumeException error)
    {
        var code = error.Error.Code;
        if (code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            _mover.Reset(error.ConsumerRecord.Topic, error.ConsumerRecord.Partition.Value);
        }
        else if (!_isClassic && _kafka.GroupProtocol == KafkaGroupProtocol.Auto
            && code is ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature)
        {
            FallBack();
        }
        else if (code == ErrorCode.Local_MaxPollExceeded)
        {
            _log.Logger.MemberEvicted(_options.Group ?? "", _kafka.MaxPollInterval);
        }
        else if (code.IsTransient())
        {
            _log.Logger.ClientError(code, error.Error.Reason);
        }
        else
        {
            throw error.Error.ToException($"Group '{_options.Group}' cannot read '{string.Join(", ", _options.Topics)}'", error);
        }
    }

    private void FallBack()
    {
        _log.Logger.ClassicGroups(_options.Group);
        _log.UsesClassicGroups = true;
        _isClassic = true;
        var former = _client;
        _client = Build();
        former.Dispose();
    }

    /// <summary>Taking partitions over may take longer than a member may be silent: poll, and take nothing.</summary>
    private void KeepAlive()
    {
        foreach (var id in _cursors.Ids())
        {
            _cursors.Hold(id);
        }

        try
        {
            Consume(0);
        }
        catch (Exception error) when (error is RecordLogException or KafkaException)
        {
            // The listener is at work and has nothing to be told with; the poll it is in hears of it afterwards.
            _turns.FailLater((error as KafkaException)?.ToException($"Group '{_options.Group}' could not poll") ?? error);
        }
    }

    private void Count(IReadOnlyList<LogRecord> records)
    {
        if (records.Count > 0)
        {
            var bytes = 0L;
            foreach (var record in records)
            {
                bytes += record.Key.Length + record.Value.Length;
            }

            _log.Metrics.Read(records.Count, bytes, _options.Group);
        }
    }
}
