namespace Telemetry.Contracts.Readings;

/// <summary>Tells the layout of a record of the readings topic by the schema id in front of it. Safe for concurrent use.</summary>
public interface IReadingSchemas
{
    /// <summary>
    /// The layout behind <paramref name="schemaId"/>: one comparison for the usual id, no allocation for an id seen before.
    /// May wait once for an id never seen; never throws.
    /// </summary>
    ReadingBatchVersion Find(int schemaId);
}
