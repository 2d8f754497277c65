namespace Telemetry.Streams.StoreAndForward;

/// <summary>What became of a record offered to the target.</summary>
internal enum SendResult
{
    Sent,
    NoRoom,
    Waits,
}

/// <summary>
/// One topic on its way. Two readers go over its journal: the live one at the end, the draining one behind. A record of a device without
/// backlog is sent at once; one of a device with backlog waits in its place, so that each device's records leave in order. Every offset below
/// the draining reader's has been sent; above it, those in the bits.
/// </summary>
internal sealed class ForwardLane
{
    private const int KeysMax = 250_000;

    private readonly Lock _gate = new();
    private readonly ForwardKeys _keys = new(KeysMax);
    private readonly SentBits _sent = new();
    private readonly Action<RecordLogException?> _answered;
    private readonly long _scanEnd;
    private InFlight _liveInFlight;
    private InFlight _drainInFlight;
    private IRecordProducer? _target;
    private long _live;
    private long _drain;

    /// <param name="topic">Topic at the target.</param>
    /// <param name="local">Partition of the journal.</param>
    /// <param name="position">First offset not forwarded.</param>
    /// <param name="end">Offsets below are of a former process, and its backlog.</param>
    /// <param name="answered">Told of each answer of the target.</param>
    public ForwardLane(string topic, TopicPartition local, long position, long end, Action<RecordLogException?> answered)
    {
        (Topic, Local, _live, _drain, _scanEnd, _answered) = (topic, local, position, position, end, answered);
        _sent.BeginAt(position);
        _liveInFlight = new InFlight(_gate, answered);
        _drainInFlight = new InFlight(_gate, answered);
    }

    public string Topic { get; }

    public TopicPartition Local { get; }

    /// <summary>Everything below is at the target for good.</summary>
    public long Position
    {
        get
        {
            lock (_gate)
            {
                Advance();
                return OldestInFlight;
            }
        }
    }

    /// <summary>Next offset of the live reader.</summary>
    public long Live
    {
        get
        {
            lock (_gate)
            {
                return _live;
            }
        }
    }

    /// <summary>From here on records are sent to this target.</summary>
    public void Open(IRecordProducer target)
    {
        lock (_gate)
        {
            _target = target;
        }
    }

    /// <summary>The target has failed: what it has not acknowledged is backlog again.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _target = null;
            foreach (var (offset, key) in _liveInFlight.TakeUnacknowledged())
            {
                _sent.Clear(offset);
                _drain = Math.Min(_drain, offset);
                key!.LastBacklog = Math.Max(key.LastBacklog, offset);
            }

            foreach (var (offset, _) in _drainInFlight.TakeUnacknowledged())
            {
                _drain = Math.Min(_drain, offset);
            }

            _liveInFlight = new InFlight(_gate, _answered);
            _drainInFlight = new InFlight(_gate, _answered);
        }
    }

    /// <summary>The live reader has come to a record.</summary>
    /// <param name="record">The record, or an older one after a gap.</param>
    /// <param name="mayWait">True: where the target has no room, nothing is decided yet.</param>
    public SendResult OfferLive(in LogRecord record, bool mayWait)
    {
        lock (_gate)
        {
            if (record.Offset < _live)
            {
                return SendResult.Waits; // Dropped meanwhile.
            }

            for (; _live < record.Offset; _live++)
            {
                _sent.Set(_live); // Appends that failed, or removed records: there is nothing to send.
            }

            var key = _keys.Of(record.Key.Span, _drain);
            if (_target is not null && record.Offset >= _scanEnd && key.LastBacklog < _drain)
            {
                if (TrySend(record, _liveInFlight, key))
                {
                    _sent.Set(record.Offset);
                    _live = record.Offset + 1;
                    return SendResult.Sent;
                }

                if (mayWait)
                {
                    return SendResult.NoRoom;
                }
            }

            key.LastBacklog = record.Offset;
            _live = record.Offset + 1;
            return SendResult.Waits;
        }
    }

    /// <summary>Next offset of the backlog; null when there is none that the live reader has passed.</summary>
    public long? NextOfBacklog()
    {
        lock (_gate)
        {
            Advance();
            return _drain < _live ? _drain : null;
        }
    }

    /// <summary>The draining reader has come to a record, or past a gap.</summary>
    public SendResult OfferBacklog(in LogRecord record)
    {
        lock (_gate)
        {
            if (record.Offset < _drain || record.Offset >= _live)
            {
                return SendResult.Waits; // Read again from its place.
            }

            if (_sent.Get(record.Offset))
            {
                _drain = record.Offset + 1;
                return SendResult.Waits;
            }

            if (_target is null || !TrySend(record, _drainInFlight, null))
            {
                return SendResult.NoRoom;
            }

            _drain = record.Offset + 1;
            return SendResult.Sent;
        }
    }

    /// <summary>Nothing is left below <paramref name="offset"/>: it was removed, or never was.</summary>
    public void SkipTo(long offset)
    {
        lock (_gate)
        {
            _drain = Math.Max(_drain, Math.Min(offset, _live));
        }
    }

    /// <summary>Records below <paramref name="offset"/> are about to be removed from the journal.</summary>
    /// <returns>How many of them were not sent.</returns>
    public long Drop(long offset)
    {
        lock (_gate)
        {
            var dropped = 0L;
            for (var o = _drain; o < offset; o++)
            {
                dropped += o < _live && _sent.Get(o) ? 0 : 1;
            }

            _drain = Math.Max(_drain, offset);
            _live = Math.Max(_live, offset);
            return dropped;
        }
    }

    /// <summary>Everything below is acknowledged.</summary>
    private long OldestInFlight => Math.Min(_drain, Math.Min(_liveInFlight.Oldest ?? _drain, _drainInFlight.Oldest ?? _drain));

    /// <summary>Past what went ahead. Bits below the oldest in flight stay: where the target fails, the backlog begins there again.</summary>
    private void Advance()
    {
        _drain = _sent.NextClear(_drain, _live);
        _sent.FreeBelow(OldestInFlight);
    }

    private bool TrySend(in LogRecord record, InFlight inFlight, ForwardKey? key)
    {
        var number = inFlight.Enter(record.Offset, key);
        try
        {
            if (_target!.TryAppend(
                new NewRecord
                {
                    Topic = Topic,
                    Key = record.Key.Span,
                    Value = record.Value.Span,
                    Headers = record.Headers,
                    TimestampMs = record.TimestampMs,
                },
                inFlight,
                number))
            {
                return true;
            }
        }
        catch (RecordLogException error)
        {
            inFlight.Undo();
            _answered(error);
            return false;
        }

        inFlight.Undo();
        return false;
    }
}
