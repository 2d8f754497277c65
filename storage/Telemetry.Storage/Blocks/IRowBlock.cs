namespace Telemetry.Storage.Blocks;

/// <summary>Rows on their way into a table, with what their marker rows need.</summary>
internal interface IRowBlock : IDisposable
{
    /// <summary>Rows.</summary>
    int Count { get; }

    /// <summary>Log partitions and months in here, with the newest event time of each.</summary>
    IReadOnlyDictionary<(int Partition, int Month), long> Newest { get; }
}
