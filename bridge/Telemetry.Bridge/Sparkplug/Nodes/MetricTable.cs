using System.Diagnostics.CodeAnalysis;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>The metrics of one node or device by name and by alias, as its last birth gave them.</summary>
internal sealed class MetricTable
{
    private readonly Dictionary<byte[], MetricEntry> _byName = new(ByteKeyComparer.Instance);
    private readonly Dictionary<ulong, MetricEntry> _byAlias = [];
    private readonly Dictionary<byte[], MetricEntry>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private readonly List<MetricEntry> _entries = [];

    public MetricTable() => _bySpan = _byName.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => _entries.Count;

    public int Bytes { get; private set; }

    /// <summary>True: the birth had more metrics than the limits allow, so an unknown one is no reason to ask for another birth.</summary>
    public bool IsCut { get; set; }

    /// <summary>In the order of the birth.</summary>
    public IReadOnlyList<MetricEntry> Entries => _entries;

    public bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out MetricEntry? entry) => _bySpan.TryGetValue(name, out entry);

    public bool TryFind(ulong alias, [NotNullWhen(true)] out MetricEntry? entry) => _byAlias.TryGetValue(alias, out entry);

    /// <summary>Adds an entry; one of the same name is there no more than once, an alias goes to the last that claims it.</summary>
    public bool TryAdd(MetricEntry entry)
    {
        if (!_byName.TryAdd(entry.Name, entry))
        {
            return false;
        }

        if (entry.HasAlias)
        {
            _byAlias[entry.Alias] = entry;
        }

        _entries.Add(entry);
        Bytes += entry.Bytes;
        return true;
    }
}
