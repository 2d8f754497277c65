using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Writing;

/// <summary>Where the rows of a record go.</summary>
internal interface IRowTarget
{
    /// <summary>Blocks that take the rows of one month of the record at this offset; none when every table has them.</summary>
    IReadOnlyList<IRowBlock> BlocksFor(int month, long offset);
}
