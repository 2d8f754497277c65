using Telemetry.Edge.Durability;

namespace Telemetry.Edge.Routing;

/// <summary>
/// Publishes of one partition of the messages topic that wait for the log: appended, and delivered when they are durable, in one order.
/// A publish that needs no record goes through here too while an earlier one of its publisher does.
/// </summary>
internal sealed class PublishLane(AppendLane appends)
{
    /// <summary>Bytes of publishes waiting from which on clients wait.</summary>
    private const long FullBytes = 4 << 20;

    private readonly Queue<LoggedPublish> _queue = new();
    private TaskCompletionSource? _room;
    private long _bytes;

    public AppendLane Appends { get; } = appends;

    public bool IsFull => Volatile.Read(ref _bytes) > FullBytes;

    /// <summary>Caller holds the gate of <see cref="Appends"/>.</summary>
    public void Enqueue(LoggedPublish publish)
    {
        _queue.Enqueue(publish);
        _bytes += publish.Message.Size;
    }

    /// <summary>Delivers what is finished at the front.</summary>
    public void Deliver()
    {
        TaskCompletionSource? room = null;
        lock (Appends.Gate)
        {
            while (_queue.TryPeek(out var first) && first.IsDone)
            {
                _queue.Dequeue();
                _bytes -= first.Message.Size;
                first.Deliver();
            }

            if (!IsFull)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.TrySetResult();
    }

    /// <summary>Completes when clients need not wait any more.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (Appends.Gate)
        {
            if (!IsFull)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellationToken);
        }
    }
}
