using System.Diagnostics;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>The thread that owns a client: polls it, runs its rebalance callbacks, has it moved where the cursors say.</summary>
internal sealed class PollingThread
{
    /// <summary>Cancelling a poll takes no longer than this.</summary>
    private const int SliceMs = 50;

    private readonly KafkaLog _log;
    private readonly ConsumerOptions _options;
    private readonly KafkaOptions _kafka;
    private readonly KafkaCursors _cursors;
    private readonly CursorMover _mover;
    private readonly PollExchange _exchange = new();
    private readonly List<TopicPartition> _assigned = [];
    private volatile IConsumer<byte[]?, byte[]?> _client;
    private PollRequest _request = null!;
    private Rebalance? _outstanding;
    private bool _isClassic;
    private bool _isClosing;
    private bool _isLeaving;
    private volatile bool _isListening;
    private Exception? _fault;
    private int _started;

    public PollingThread(KafkaLog log, ConsumerOptions options, KafkaOptions kafka, KafkaCursors cursors)
    {
        (_log, _options, _kafka, _cursors) = (log, options, kafka, cursors);
        _isClassic = log.UsesClassicGroups;
        Starts = new StartOffsets(log, options, kafka, () => _client!);
        _mover = new CursorMover(log, options.Group, cursors, Starts, () => _client!);
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
        }

        return _exchange.SendAsync(request);
    }

    /// <summary>The listener threw: the caller is not at work for us until the next poll.</summary>
    public void ListenerFailed() => _isListening = false;

    private IConsumer<byte[]?, byte[]?> Build()
    {
        var builder = new ConsumerBuilder<byte[]?, byte[]?>(KafkaClientConfig.Consumer(_kafka, _options, _isClassic))
            .SetKeyDeserializer(Deserializers.ByteArray!)
            .SetValueDeserializer(Deserializers.ByteArray!)
            .SetLogHandler((_, message) => _log.Logger.Client(message))
            .SetErrorHandler((_, error) => _log.Logger.ClientError(error.Code, error.Reason));
        if (_options.Topics.Count > 0)
        {
            builder.SetPartitionsAssignedHandler((_, partitions) => Assigned(partitions));
            builder.SetPartitionsRevokedHandler((_, partitions) => Gone(RebalanceKind.Revoked, partitions));
            builder.SetPartitionsLostHandler((_, partitions) => Gone(RebalanceKind.Lost, partitions));
        }

        var client = builder.Build();
        if (_options.Topics.Count > 0)
        {
            client.Subscribe(_options.Topics);
        }

        return client;
    }

    private void Run()
    {
        while (!_isClosing)
        {
            if (_exchange.Receive(Timeout.InfiniteTimeSpan) is not { } request)
            {
                continue;
            }

            _request = request;
            _isClosing = _request.IsClose;
            try
            {
                if (!_isClosing && Serve())
                {
                    Records = _cursors.Take();
                    Count(Records);
                    _request.Reply.SetResult(null);
                }
            }
            catch (Exception error) when (_isClosing)
            {
                // The poll became a close on the way, in a rebalance; that request is answered when the client has left.
                _log.Logger.CloseFailed(_options.Group, error);
            }
            catch (OperationCanceledException)
            {
                _request.Reply.TrySetCanceled(_request.Cancel);
            }
            catch (KafkaException error)
            {
                Fail(error.ToException($"Group '{_options.Group}' could not poll"));
            }
            catch (Exception error)
            {
                Fail(error);
            }
        }

        Close();
    }

    /// <summary>Tells the caller; one whose request has its answer already is told at the next.</summary>
    private void Fail(Exception error)
    {
        if (!_request.Reply.TrySetException(error))
        {
            _fault = error;
        }
    }

    private void Close()
    {
        try
        {
            // While the member still is one: a client that closes in the middle of a rebalance neither reads offsets nor commits.
            Release([.. _cursors.Ids().Except(_assigned)]);
            _isLeaving = true;
            _client.Close();
        }
        catch (KafkaException error)
        {
            // The group finds out after the session timeout.
            _log.Logger.CloseFailed(_options.Group, error);
        }

        _client.Dispose();
        _request.Reply.TrySetResult(null);
    }

    private void Release(List<TopicPartition> partitions)
    {
        if (_options.Topics.Count > 0 && partitions.Count > 0)
        {
            _log.Metrics.Rebalanced("revoked", partitions.Count, _options.Group);
            Tell(new Rebalance(RebalanceKind.Revoked, partitions));
        }
    }

    /// <returns>False: the consumer closes instead.</returns>
    private bool Serve()
    {
        _cursors.ReleaseReturned();
        while (!_isClosing)
        {
            if (_fault is { } fault)
            {
                _fault = null;
                throw fault;
            }

            if (_assigned.Count > 0)
            {
                TellAssigned();
                continue;
            }

            _log.ThrowIfUnusable();
            var moved = _mover.Move();
            var isFull = _cursors.CollectedCount >= _request.RecordsMax;
            if (isFull || (!Consume(_cursors.CollectedCount > 0 ? 0 : moved ? Left() : Math.Min(Left(), 5)) && IsEnough()))
            {
                return true;
            }

            // What was collected stays for the next poll.
            _request.Cancel.ThrowIfCancellationRequested();
        }

        return false;
    }

    private bool IsEnough() => _assigned.Count == 0 && (_cursors.CollectedCount > 0 || Left() == 0);

    private int Left()
    {
        var left = (_request.Deadline - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
        return (int)Math.Clamp(Math.Ceiling(left), 0, SliceMs);
    }

    /// <returns>True: something came, though perhaps no record.</returns>
    private bool Consume(int waitMs)
    {
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

    /// <summary>In the client's callback: new partitions, each with the offset it starts at.</summary>
    private List<TopicPartitionOffset> Assigned(List<Confluent.Kafka.TopicPartition> partitions)
    {
        if (_isLeaving)
        {
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))];
        }

        List<TopicPartition> ids = [.. partitions.Select(p => new TopicPartition(p.Topic, p.Partition.Value))];
        var starts = Starts.FindPatiently(ids, () => _request.IsClose || _request.Cancel.IsCancellationRequested);
        foreach (var id in ids)
        {
            _cursors.Add(id, starts[id]);
        }

        _assigned.AddRange(ids);
        _log.Metrics.Rebalanced("assigned", ids.Count, _options.Group);
        return [.. ids.Select(id => new TopicPartitionOffset(id.Topic, id.Partition, starts[id] < 0 ? Offset.Unset : starts[id]))];
    }

    /// <summary>In the client's callback: partitions go, once the listener has let them.</summary>
    private void Gone(RebalanceKind kind, List<TopicPartitionOffset> partitions)
    {
        if (_isLeaving)
        {
            return;
        }

        List<TopicPartition> ids = [.. partitions.Select(p => new TopicPartition(p.Topic, p.Partition.Value))];

        // What the listener has not been told of it need not give up.
        List<TopicPartition> known = [.. ids.Where(id => !_assigned.Remove(id))];
        _log.Metrics.Rebalanced(kind == RebalanceKind.Lost ? "lost" : "revoked", ids.Count, _options.Group);
        if (known.Count > 0)
        {
            Tell(new Rebalance(kind, known));
        }

        ids.ForEach(_cursors.Remove);
    }

    private void TellAssigned()
    {
        var rebalance = new Rebalance(RebalanceKind.Assigned, [.. _assigned]);
        _assigned.Clear();
        Tell(rebalance);
    }

    private void Tell(Rebalance rebalance)
    {
        if (_options.AssignmentListener is null)
        {
            return;
        }

        if (_outstanding is { } earlier)
        {
            // Called back while the listener still takes over other partitions: one after the other.
            Await(earlier, Timeout.InfiniteTimeSpan);
        }

        _outstanding = rebalance;
        Answer(rebalance);
        Await(rebalance, rebalance.Kind == RebalanceKind.Assigned ? _kafka.MaxPollInterval / 3 : Timeout.InfiniteTimeSpan);
    }

    private void Await(Rebalance rebalance, TimeSpan keepAliveEvery)
    {
        while (!rebalance.IsDone)
        {
            if (_exchange.Receive(keepAliveEvery) is not { } request)
            {
                KeepAlive();
                continue;
            }

            _request = request;
            _isClosing |= request.IsClose;
            if (request.Kind is PollRequestKind.Done or PollRequestKind.DoneClose)
            {
                rebalance.IsDone = true;
                _outstanding = null;
                _isListening = false;
            }
            else
            {
                // The listener had failed: ask again.
                Answer(rebalance);
            }
        }
    }

    private void Answer(Rebalance rebalance)
    {
        _isListening = true;
        _request.Reply.SetResult(rebalance);
    }

    /// <summary>Taking partitions over may take longer than a member may be silent: poll, and take nothing.</summary>
    private void KeepAlive()
    {
        if (!_isListening)
        {
            return;
        }

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
            _fault = (error as KafkaException)?.ToException($"Group '{_options.Group}' could not poll") ?? error;
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
