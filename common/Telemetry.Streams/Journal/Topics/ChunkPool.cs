namespace Telemetry.Streams.Journal.Topics;

/// <summary>Chunks of the usual size of one topic, kept for use again. A chunk for a giant record is made and dropped.</summary>
internal sealed class ChunkPool(int partitions)
{
    public const int ChunkBytes = 256 << 10;
    private const int KeptMax = 64;

    private readonly Lock _gate = new();
    private readonly Stack<AppendChunk> _kept = new(KeptMax);

    public AppendChunk Rent(int bytesMin)
    {
        if (bytesMin > ChunkBytes)
        {
            return new AppendChunk(bytesMin, partitions);
        }

        lock (_gate)
        {
            return _kept.TryPop(out var chunk) ? chunk : new AppendChunk(ChunkBytes, partitions);
        }
    }

    public void Return(AppendChunk chunk)
    {
        chunk.Reset();
        if (chunk.Buffer.Length == ChunkBytes)
        {
            lock (_gate)
            {
                if (_kept.Count < KeptMax)
                {
                    _kept.Push(chunk);
                }
            }
        }
    }
}
