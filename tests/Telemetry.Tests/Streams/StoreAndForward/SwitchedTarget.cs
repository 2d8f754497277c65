using Telemetry.Streams;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Tests.Streams.StoreAndForward;

/// <summary>
/// A real log behind a line that can be cut. While it is away, a few records are taken and not answered, as a Kafka client does, and no more
/// than that; a broken line answers everything in flight with an error, whether it arrived or not.
/// </summary>
internal sealed class SwitchedTarget(IRecordLog log) : IForwardTarget, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Line? _line;
    private volatile bool _away;

    public string Name => "the test's log";

    /// <summary>Records that are taken while it is away.</summary>
    public int HeldMax { get; init; } = 10;

    /// <summary>True: every record sent is answered only when <see cref="Break"/> or the end of it says so.</summary>
    public bool IsAway
    {
        get => _away;
        set
        {
            lock (_gate)
            {
                _away = value;
                if (!value)
                {
                    _line?.Release();
                }
            }
        }
    }

    public ValueTask<IRecordProducer> OpenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return new(_line = new Line(this, log.CreateProducer(new ProducerOptions())));
        }
    }

    public ValueTask DisposeAsync() => _line?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The connection breaks: what was sent and not answered is answered with an error.</summary>
    public void Break()
    {
        lock (_gate)
        {
            _line?.Break();
        }
    }

    private sealed class Line(SwitchedTarget owner, IRecordProducer inner) : IRecordProducer
    {
        private readonly Queue<(string Topic, byte[] Key, byte[] Value, long Timestamp, IAppendCompletion? Completion, ulong State)> _held = new();
        private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _broken;

        public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
        {
            if (_broken)
            {
                throw Broken();
            }

            if (!owner._away)
            {
                return inner.TryAppend(record, completion, state);
            }

            if (_held.Count >= owner.HeldMax)
            {
                return false;
            }

            _held.Enqueue((record.Topic, record.Key.ToArray(), record.Value.ToArray(), record.TimestampMs, completion, state));
            return true;
        }

        public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
        {
            if (_broken)
            {
                throw Broken();
            }

            await (owner._away ? _room.Task.WaitAsync(cancellationToken) : inner.WaitForCapacityAsync(cancellationToken).AsTask());
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        public void Release()
        {
            while (_held.TryDequeue(out var record))
            {
                inner.TryAppend(
                    new NewRecord { Topic = record.Topic, Key = record.Key, Value = record.Value, TimestampMs = record.Timestamp }, record.Completion, record.State)
                    .ShouldBeTrue();
            }

            _room.TrySetResult();
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public void Break()
        {
            _broken = true;
            while (_held.TryDequeue(out var record))
            {
                record.Completion?.Appended(-1, Broken(), record.State);
            }

            _room.TrySetException(Broken());
        }

        private static RecordLogException Broken() => new(RecordLogError.Unavailable, "The line broke (test).");
    }
}
