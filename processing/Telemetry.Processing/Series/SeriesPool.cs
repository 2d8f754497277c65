using System.Numerics;

namespace Telemetry.Processing.Series;

/// <summary>
/// Blocks in large arrays, handed out by number and used again: for each layout a slab of blocks of one size. Not safe for concurrent use.
/// </summary>
internal sealed class SeriesPool
{
    /// <summary>A block's number: its slab in the upper bits, its place there in the lower.</summary>
    private const int PlaceBits = 24;

    private const int PlaceMask = (1 << PlaceBits) - 1;

    private const int SlabsMax = 127;

    /// <summary>Changes of a block before it is asked whether most of it has changed; asked again each time their number has doubled.</summary>
    private const int ChangesBeforeLook = 4;

    /// <summary>Stands for the number of changes of a block of which all words count as changed.</summary>
    private const byte AllChanged = byte.MaxValue;

    private readonly List<Slab> _slabs = [];
    private byte[] _before = [];

    /// <param name="layout">Of series of which the settings say nothing; slab 0.</param>
    /// <param name="seriesPerDeviceMax">Series of one device.</param>
    public SeriesPool(SeriesLayout layout, int seriesPerDeviceMax)
    {
        SeriesPerDeviceMax = seriesPerDeviceMax;
        _slabs.Add(new Slab(layout));
    }

    public int SeriesPerDeviceMax { get; }

    /// <summary>Blocks in use.</summary>
    public int Count => _slabs.Sum(static slab => slab.Count);

    /// <summary>Bytes of all blocks in use.</summary>
    public long Bytes => _slabs.Sum(static slab => (long)slab.Count * slab.Layout.BlockBytes);

    /// <summary>Bytes of readings that wait to be judged, over all devices.</summary>
    public long LateBytes { get; set; }

    /// <summary>Series that made room for another one of their device.</summary>
    public long Evicted { get; set; }

    /// <summary>Series whose stored state was of other detectors and that started afresh.</summary>
    public long Reset { get; set; }

    public Span<byte> this[int block] => _slabs[block >> PlaceBits][block & PlaceMask];

    /// <summary>The slab of a layout, made if there is none.</summary>
    /// <exception cref="InvalidOperationException">More different layouts than can be told apart.</exception>
    public int SlabFor(SeriesLayout layout)
    {
        if (TryFind(layout.Fingerprint, layout.BlockBytes, out var slab))
        {
            _slabs[slab].IsNamed = true;
            return slab;
        }

        // One that no series uses and no settings name may have been left by former settings.
        slab = _slabs.FindIndex(1, static s => s.Count == 0 && !s.IsNamed);
        if (slab >= 0)
        {
            _slabs[slab] = new Slab(layout) { IsNamed = true };
            return slab;
        }

        if (_slabs.Count == SlabsMax)
        {
            throw new InvalidOperationException($"Series of one partition have more than {SlabsMax} different sets of detectors.");
        }

        _slabs.Add(new Slab(layout) { IsNamed = true });
        return _slabs.Count - 1;
    }

    /// <summary>The slab whose blocks are laid out like this.</summary>
    public bool TryFind(ulong fingerprint, int blockBytes, out int slab)
    {
        slab = _slabs.FindIndex(s => s.Layout.Fingerprint == fingerprint && s.Layout.BlockBytes == blockBytes);
        return slab >= 0;
    }

    /// <summary>The settings in force do not name them any more; they end with their last series.</summary>
    public void Unname(Predicate<int> isNamed)
    {
        for (var slab = 1; slab < _slabs.Count; slab++)
        {
            _slabs[slab].IsNamed = isNamed(slab);
        }
    }

    public static int SlabOf(int block) => block >> PlaceBits;

    public SeriesLayout LayoutOf(int block) => _slabs[block >> PlaceBits].Layout;

    /// <summary>A block with the state of a series without any reading.</summary>
    public int Rent(int slab)
    {
        var place = _slabs[slab].Rent();
        return place < 1 << PlaceBits
            ? (slab << PlaceBits) | place
            : throw new InvalidOperationException($"A partition has more than {1 << PlaceBits} series of one layout; lower Processing:StateBytesMax.");
    }

    public void Return(int block) => _slabs[block >> PlaceBits].Return(block & PlaceMask);

    /// <summary>
    /// Words of a block that changed since <see cref="ClearChanges"/>, those outside of <see cref="BeginChange"/> and <see cref="EndChange"/> excepted. Where most
    /// have that are not zero, all count: to look for the others at each reading costs more than to write them.
    /// </summary>
    public ChangedWords ChangesOf(int block) => new(_slabs[block >> PlaceBits].Marks(block & PlaceMask));

    /// <summary>All words of a block count as changed.</summary>
    public bool HasChangedMostly(int block) => _slabs[block >> PlaceBits].Changes(block & PlaceMask) == AllChanged;

    /// <summary>What changes from here on counts as changed.</summary>
    public void ClearChanges(int block) => _slabs[block >> PlaceBits].ClearChanges(block & PlaceMask);

    /// <summary>Before a block is changed: from here to <see cref="EndChange"/> of the same block every change is noticed.</summary>
    public void BeginChange(int block)
    {
        var slab = _slabs[block >> PlaceBits];
        var place = block & PlaceMask;
        if (slab.Changes(place) == AllChanged)
        {
            return;
        }

        var bytes = slab[place];
        if (_before.Length < bytes.Length)
        {
            _before = new byte[bytes.Length];
        }

        bytes.CopyTo(_before);
    }

    /// <summary>After a block was changed.</summary>
    public void EndChange(int block)
    {
        var slab = _slabs[block >> PlaceBits];
        var place = block & PlaceMask;
        ref var changes = ref slab.Changes(place);
        if (changes == AllChanged)
        {
            return;
        }

        var bytes = slab[place];
        var marks = new ChangedWords(slab.Marks(place));
        marks.MarkDifferent(_before.AsSpan(0, bytes.Length), bytes);
        changes = (byte)Math.Min(changes + 1, AllChanged - 1);
        if (changes >= ChangesBeforeLook && BitOperations.IsPow2(changes) && 2 * marks.Count > ChangedWords.WordsInUse(bytes))
        {
            marks.MarkFirst(bytes.Length / sizeof(ulong));
            changes = AllChanged;
        }
    }

    private sealed class Slab(SeriesLayout layout)
    {
        private const int ChunkBytes = 256 << 10;

        private readonly int _blocksPerChunk = Math.Max(1, ChunkBytes / Math.Max(1, layout.BlockBytes));
        private readonly int _marksPerBlock = ChangedWords.MasksOf(layout.BlockBytes);
        private readonly List<byte[]> _chunks = [];
        private readonly List<ulong[]> _marks = [];
        private readonly List<byte[]> _changes = [];
        private readonly Stack<int> _free = new();
        private int _used;

        public SeriesLayout Layout => layout;

        public int Count => _used - _free.Count;

        /// <summary>Settings that a partition knows name this layout.</summary>
        public bool IsNamed { get; set; }

        public Span<byte> this[int place]
        {
            get
            {
                var (chunk, index) = Math.DivRem(place, _blocksPerChunk);
                return _chunks[chunk].AsSpan(index * layout.BlockBytes, layout.BlockBytes);
            }
        }

        public Span<ulong> Marks(int place)
        {
            var (chunk, index) = Math.DivRem(place, _blocksPerChunk);
            return _marks[chunk].AsSpan(index * _marksPerBlock, _marksPerBlock);
        }

        /// <summary>How often the block has changed since <see cref="ClearChanges"/>, or <see cref="AllChanged"/>.</summary>
        public ref byte Changes(int place)
        {
            var (chunk, index) = Math.DivRem(place, _blocksPerChunk);
            return ref _changes[chunk][index];
        }

        public void ClearChanges(int place)
        {
            Marks(place).Clear();
            Changes(place) = 0;
        }

        public int Rent()
        {
            if (!_free.TryPop(out var place))
            {
                place = _used++;
                if (place / _blocksPerChunk == _chunks.Count)
                {
                    _chunks.Add(GC.AllocateUninitializedArray<byte>(_blocksPerChunk * layout.BlockBytes));
                    _marks.Add(new ulong[_blocksPerChunk * _marksPerBlock]);
                    _changes.Add(new byte[_blocksPerChunk]);
                }
            }

            layout.Initialize(this[place]);
            ClearChanges(place);
            return place;
        }

        public void Return(int place) => _free.Push(place);
    }
}
