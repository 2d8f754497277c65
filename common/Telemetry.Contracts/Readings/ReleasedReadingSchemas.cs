using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>Layouts without a registry: the released ids say which; behind any other id the bytes decide.</summary>
public sealed class ReleasedReadingSchemas : IReadingSchemas
{
    private ReleasedReadingSchemas()
    {
    }

    /// <summary>The one instance.</summary>
    public static ReleasedReadingSchemas Instance { get; } = new();

    /// <inheritdoc/>
    public ReadingBatchVersion Find(int schemaId) => SchemaIds.Released(schemaId) switch
    {
        SchemaIds.ReadingBatch => ReadingBatchVersion.V1,
        SchemaIds.ReadingBatchV2 => ReadingBatchVersion.V2,
        _ => ReadingBatchVersion.Undecided,
    };
}
