namespace Telemetry.Processing.Series;

/// <summary>Blocks of equal size in large arrays, handed out by number and used again. Not safe for concurrent use.</summary>
internal sealed class SeriesPool
{
    private const int ChunkBytes = 256 << 10;

    private readonly int _blocksPerChunk;
    private readonly List<byte[]> _chunks = [];
    private readonly Stack<int> _free = new();
    private int _used;

    public SeriesPool(SeriesLayout layout, int seriesPerDeviceMax)
    {
        Layout = layout;
        SeriesPerDeviceMax = seriesPerDeviceMax;
        _blocksPerChunk = Math.Max(1, ChunkBytes / layout.BlockBytes);
    }

    public SeriesLayout Layout { get; }

    public int SeriesPerDeviceMax { get; }

    /// <summary>Blocks in use.</summary>
    public int Count => _used - _free.Count;

    /// <summary>Series that made room for another one of their device.</summary>
    public long Evicted { get; set; }

    /// <summary>Series whose stored state was of other detectors and that started afresh.</summary>
    public long Reset { get; set; }

    /// <summary>A block with the state of a series without any reading.</summary>
    public int Rent()
    {
        if (!_free.TryPop(out var block))
        {
            block = _used++;
            if (block / _blocksPerChunk == _chunks.Count)
            {
                _chunks.Add(GC.AllocateUninitializedArray<byte>(_blocksPerChunk * Layout.BlockBytes));
            }
        }

        Layout.Initialize(this[block]);
        return block;
    }

    public void Return(int block) => _free.Push(block);

    public Span<byte> this[int block]
    {
        get
        {
            var (chunk, index) = Math.DivRem(block, _blocksPerChunk);
            return _chunks[chunk].AsSpan(index * Layout.BlockBytes, Layout.BlockBytes);
        }
    }
}
