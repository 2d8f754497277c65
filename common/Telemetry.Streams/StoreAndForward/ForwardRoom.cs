namespace Telemetry.Streams.StoreAndForward;

/// <summary>
/// The byte budget of the journal. What is appended is counted at once, what is removed when <see cref="Measured"/> says how many bytes
/// there are.
/// </summary>
internal sealed class ForwardRoom(long bytesMax, Action refused)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private long _used;
    private long _appended;

    /// <summary>True: a record of the largest kind may not fit.</summary>
    public bool IsFull => Used + Margin > bytesMax;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>Bytes appended since the start.</summary>
    public long Appended => Interlocked.Read(ref _appended);

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) > bytesMax)
        {
            Interlocked.Add(ref _used, -bytes);
            refused();
            return false;
        }

        Interlocked.Add(ref _appended, bytes);
        return true;
    }

    public void GiveBack(int bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        Interlocked.Add(ref _appended, -bytes);
    }

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // A record that did not fit waits until there is more room than one of the largest takes.
            return !IsFull ? Task.CompletedTask : (_waiting ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>So many bytes there are now.</summary>
    public void Measured(long bytes)
    {
        Interlocked.Exchange(ref _used, bytes);
        if (!IsFull)
        {
            lock (_gate)
            {
                _waiting?.TrySetResult();
                _waiting = null;
            }
        }
    }

    private long Margin => Math.Min(2L << 20, bytesMax / 8);
}
