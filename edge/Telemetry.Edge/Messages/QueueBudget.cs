using System.Collections.Concurrent;

namespace Telemetry.Edge.Messages;

/// <summary>
/// Bytes that the queues of all sessions may hold together, in flight and unacknowledged included. A message counts once however
/// many queues hold it, its copies a little each. Taken before the copy is made.
/// </summary>
internal sealed class QueueBudget(long maxBytes)
{
    /// <summary>Bytes counted for a copy: its place in a queue and in the window of those in flight.</summary>
    private const int CopyBytes = 96;

    private readonly ConcurrentQueue<Action> _waiting = new();
    private long _used;

    /// <summary>Bytes held now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes room for one more copy.</summary>
    /// <returns>False: there is none, and nothing was taken.</returns>
    public bool TryTake(Message message)
    {
        var first = Interlocked.Increment(ref message.Copies) == 1;
        if (Interlocked.Add(ref _used, CopyBytes + (first ? message.Size : 0)) <= maxBytes)
        {
            return true;
        }

        Release(message);
        return false;
    }

    /// <summary>Takes room that was granted before a restart.</summary>
    public void Take(Message message)
    {
        var first = Interlocked.Increment(ref message.Copies) == 1;
        Interlocked.Add(ref _used, CopyBytes + (first ? message.Size : 0));
    }

    /// <summary>A copy is gone.</summary>
    public void Release(Message message)
    {
        var last = Interlocked.Decrement(ref message.Copies) == 0;
        Interlocked.Add(ref _used, -(CopyBytes + (last ? message.Size : 0)));
    }

    /// <summary>Has this called by a later <see cref="WakeWaiting"/> that finds room. For what can wait: retained messages.</summary>
    public void WhenRoom(Action wake) => _waiting.Enqueue(wake);

    /// <summary>Calls those that wait, if there is room. Called by the broker's timer.</summary>
    public void WakeWaiting()
    {
        for (var count = _waiting.Count; count > 0 && Used < maxBytes && _waiting.TryDequeue(out var wake); count--)
        {
            wake();
        }
    }
}
