namespace Telemetry.Edge.Connections;

/// <summary>Bytes that all connections together may hold for one purpose, taken before or as they are held. Thread-safe.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _held;

    /// <summary>Bytes held now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Takes some more; false when they do not fit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= limit)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _held, -bytes);
}
