using System.Collections.Concurrent;

namespace Telemetry.Edge.Durability;

/// <summary>
/// Appends that never have to wait where they are made: when the log has no room, records queue here in order, and who can wait (clients
/// that publish or subscribe) is asked to, so that the queue stays as short as the work already begun.
/// </summary>
internal sealed class BrokerLogWriter(IBrokerLog log, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<(BrokerTopic Topic, int Partition), AppendLane> _lanes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _draining = Task.CompletedTask;
    private TaskCompletionSource? _room;
    private int _waiting;
    private int _owed;

    /// <summary>True while records wait here: whoever can wait does.</summary>
    public bool IsCongested => Volatile.Read(ref _waiting) > 0;

    /// <summary>Records not answered by the log yet.</summary>
    public int Owed => Volatile.Read(ref _owed);

    /// <summary>Where records about this key go.</summary>
    public AppendLane LaneOf(BrokerTopic topic, ReadOnlySpan<byte> key) => LaneOf(topic, log.PartitionOf(topic, key));

    /// <summary>The lane of one partition.</summary>
    public AppendLane LaneOf(BrokerTopic topic, int partition) => _lanes.GetOrAdd(
        (topic, partition), static (place, writer) => new AppendLane(writer, place.Topic, place.Partition), this);

    /// <summary>Completes when nothing waits here.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!IsCongested)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until the log has answered everything, or the token fires.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (Owed > 0 && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await _draining;
        _stop.Dispose();
    }

    internal bool TryAppend(in BrokerRecord record, IBrokerLogCompletion completion, ulong state) => log.TryAppend(record, completion, state);

    internal void Began() => Interlocked.Increment(ref _owed);

    internal void Answered() => Interlocked.Decrement(ref _owed);

    internal void Queued()
    {
        lock (_gate)
        {
            if (Interlocked.Increment(ref _waiting) == 1 && !_stop.IsCancellationRequested)
            {
                _draining = DrainAfterAsync(_draining);
            }
        }
    }

    private async Task DrainAfterAsync(Task previous)
    {
        await previous;
        await Task.Yield();
        while (IsCongested && !_stop.IsCancellationRequested)
        {
            try
            {
                await log.WaitForCapacityAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var moved = _lanes.Values.Sum(lane => lane.Drain());
            lock (_gate)
            {
                if (Interlocked.Add(ref _waiting, -moved) == 0)
                {
                    _room?.TrySetResult();
                    _room = null;
                    return;
                }
            }

            if (moved == 0)
            {
                await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}

/// <summary>Records of one partition, in the order in which they are given.</summary>
internal sealed class AppendLane(BrokerLogWriter writer, BrokerTopic topic, int partition) : IBrokerLogCompletion
{
    private readonly Queue<Record> _waiting = new();
    private readonly ConcurrentDictionary<ulong, (IBrokerLogCompletion Completion, ulong State)> _open = new();
    private ulong _next;

    /// <summary>Held while appending; may be taken around several appends, or to do something in their order.</summary>
    public Lock Gate { get; } = new();

    public int Partition { get; } = partition;

    /// <summary>Appends, now or when there is room. The completion is told in any case, from any thread.</summary>
    public void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, IBrokerLogCompletion completion, ulong state)
    {
        Exception? refused;
        ulong failed;
        lock (Gate)
        {
            var ticket = ++_next;
            _open[ticket] = (completion, state);
            writer.Began();
            if (_waiting.Count > 0)
            {
                Queue(key, value, ticket);
                return;
            }

            if (TryAppend(key, value, ticket, out refused))
            {
                return;
            }

            if (refused is null)
            {
                Queue(key, value, ticket);
                return;
            }

            failed = ticket;
        }

        Appended(0, refused, failed);
    }

    /// <inheritdoc/>
    public void Appended(long offset, Exception? error, ulong state)
    {
        if (_open.TryRemove(state, out var waiting))
        {
            waiting.Completion.Appended(offset, error, waiting.State);
            writer.Answered();
        }
    }

    /// <returns>Records that do not wait any more.</returns>
    internal int Drain()
    {
        var moved = 0;
        List<(ulong Ticket, Exception Error)>? refused = null;
        lock (Gate)
        {
            while (_waiting.TryPeek(out var record))
            {
                if (!TryAppend(record.Key, record.Value, record.Ticket, out var error) && error is null)
                {
                    break;
                }

                _waiting.Dequeue();
                moved++;
                if (error is not null)
                {
                    (refused ??= []).Add((record.Ticket, error));
                }
            }
        }

        foreach (var (ticket, error) in refused ?? [])
        {
            Appended(0, error, ticket);
        }

        return moved;
    }

    private bool TryAppend(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong ticket, out Exception? refused)
    {
        refused = null;
        try
        {
            return writer.TryAppend(new BrokerRecord { Topic = topic, Partition = Partition, Key = key, Value = value }, this, ticket);
        }
        catch (BrokerLogException error)
        {
            refused = error;
            return false;
        }
    }

    private void Queue(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong ticket)
    {
        _waiting.Enqueue(new Record(key.ToArray(), value.ToArray(), ticket));
        writer.Queued();
    }

    private readonly record struct Record(byte[] Key, byte[] Value, ulong Ticket);
}
