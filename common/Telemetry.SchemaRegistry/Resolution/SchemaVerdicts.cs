using System.Collections.Frozen;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.SchemaRegistry.Shapes;

namespace Telemetry.SchemaRegistry.Resolution;

/// <summary>Which layout each schema id met so far asks for. Readers take a snapshot; safe for concurrent use.</summary>
internal sealed class SchemaVerdicts
{
    private static readonly ProtoShape Version1 = ProtoShape.Parse(TopicSchema.ReadingBatch.Text)!;
    private static readonly ProtoShape Version2 = ProtoShape.Parse(TopicSchema.ReadingBatchV2.Text)!;

    private readonly Lock _gate = new();
    private volatile FrozenDictionary<int, ReadingBatchVersion> _versions = FrozenDictionary<int, ReadingBatchVersion>.Empty;
    private volatile int _usual;

    public int Count => _versions.Count;

    /// <summary>False: never told.</summary>
    public bool TryFind(int schemaId, out ReadingBatchVersion version)
    {
        if (schemaId == _usual)
        {
            version = ReadingBatchVersion.V1;
            return true;
        }

        return _versions.TryGetValue(schemaId, out version);
    }

    /// <summary>Takes note of the text behind an id; null: there is none. Returns what it means.</summary>
    public ReadingBatchVersion Learn(int schemaId, string? text)
    {
        var version = Judge(text);
        if (version == ReadingBatchVersion.Unknown && schemaId is SchemaIds.ReadingBatch or SchemaIds.ReadingBatchV2)
        {
            // Also the ids of records from before there was a registry; those and the registry's cannot be told apart.
            version = ReadingBatchVersion.Undecided;
        }

        lock (_gate)
        {
            _versions = new Dictionary<int, ReadingBatchVersion>(_versions) { [schemaId] = version }.ToFrozenDictionary();
            _usual = version == ReadingBatchVersion.V1 ? schemaId : _usual;
        }

        return version;
    }

    private static ReadingBatchVersion Judge(string? text) => text is null ? ReadingBatchVersion.Unknown
        : ProtoShape.Parse(text) is not { } shape ? ReadingBatchVersion.Unknown
        : Version1.IsWireCompatible(shape) ? ReadingBatchVersion.V1
        : Version2.IsWireCompatible(shape) ? ReadingBatchVersion.V2
        : ReadingBatchVersion.Unknown;
}
