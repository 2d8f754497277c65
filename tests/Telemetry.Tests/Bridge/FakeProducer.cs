using Telemetry.Streams;

namespace Telemetry.Tests.Bridge;

/// <summary>
/// A log in memory with a script: room for so many appends, errors thrown or reported, completions at once or by hand.
/// </summary>
internal sealed class FakeProducer : IRecordProducer
{
    private readonly Lock _gate = new();
    private readonly Queue<(IAppendCompletion Completion, ulong State, long Offset, RecordLogException? Error)> _waiting = new();
    private TaskCompletionSource _capacity = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<Appended> Records { get; } = [];

    /// <summary>Appends taken before TryAppend says no.</summary>
    public int Room { get; set; } = int.MaxValue;

    /// <summary>True: completions wait for <see cref="Complete"/>.</summary>
    public bool Late { get; set; }

    /// <summary>Error reported for records of this topic.</summary>
    public Func<string, RecordLogException?> ErrorFor { get; set; } = _ => null;

    /// <summary>Larger records, with their key and headers, are refused as the journal and Kafka refuse them.</summary>
    public int RecordBytesMax { get; set; } = int.MaxValue;

    /// <summary>Error thrown by TryAppend.</summary>
    public RecordLogException? Throws { get; set; }

    /// <summary>False: nothing is kept and no memory is taken, for allocation tests.</summary>
    public bool Keep { get; set; } = true;

    public int Attempts { get; private set; }

    public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        RecordLogException? error;
        lock (_gate)
        {
            Attempts++;
            if (Throws is not null)
            {
                throw Throws;
            }

            if (record.Key.Length + record.Value.Length + record.ValueTail.Length > RecordBytesMax)
            {
                throw new RecordLogException(RecordLogError.RecordTooLarge, "The record is too large.");
            }

            if (Room == 0)
            {
                return false;
            }

            Room--;
            error = ErrorFor(record.Topic);
            if (Keep && error is null)
            {
                Records.Add(new(
                    record.Topic,
                    record.Key.ToArray(),
                    [.. record.Value, .. record.ValueTail],
                    record.Headers,
                    record.TimestampMs));
            }

            if (Late)
            {
                _waiting.Enqueue((completion!, state, Records.Count - 1, error));
                return true;
            }
        }

        completion?.Appended(Records.Count - 1, error, state);
        return true;
    }

    public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        Task wait;
        lock (_gate)
        {
            wait = Room > 0 ? Task.CompletedTask : _capacity.Task;
        }

        await wait.WaitAsync(cancellationToken);
    }

    public void MakeRoom(int appends)
    {
        TaskCompletionSource wake;
        lock (_gate)
        {
            Room = appends;
            wake = _capacity;
            _capacity = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        wake.SetResult();
    }

    /// <summary>Completes what waits, oldest first; returns how many.</summary>
    public int Complete(int most = int.MaxValue)
    {
        var done = 0;
        for (; done < most; done++)
        {
            (IAppendCompletion Completion, ulong State, long Offset, RecordLogException? Error) next;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    break;
                }
            }

            next.Completion.Appended(next.Offset, next.Error, next.State);
        }

        return done;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Complete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal sealed record Appended(string Topic, byte[] Key, byte[] Value, RecordHeaders? Headers, long TimestampMs);
}
