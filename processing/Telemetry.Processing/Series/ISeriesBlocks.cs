namespace Telemetry.Processing.Series;

/// <summary>Where the blocks of a device's series are: the live ones, or copies of them.</summary>
internal interface ISeriesBlocks
{
    /// <summary>The block of a sensor; -1 when it has none.</summary>
    int FindBlock(ReadOnlySpan<byte> sensor);
}
