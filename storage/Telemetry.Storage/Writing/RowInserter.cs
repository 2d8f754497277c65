using Telemetry.Storage.Blocks;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Rollups;

namespace Telemetry.Storage.Writing;

/// <summary>INSERTs of rows with their markers: each one block, one part a month, whole or not at all.</summary>
internal sealed class RowInserter(SinkStream stream, SinkClaims claims) : IDisposable
{
    private readonly NativeWriter _writer = new();
    private readonly RollupAggregator? _rollups = stream.CreateAggregator();

    /// <summary>Inserts rows as they are into the main table, or what they come to into rollups, one INSERT a table.</summary>
    /// <param name="targets">The main table, or rollups.</param>
    /// <param name="blocks">Rows.</param>
    /// <param name="markers">Their markers.</param>
    /// <param name="cancellationToken">Leaves the INSERT under way in doubt.</param>
    public async Task InsertAsync(
        IReadOnlyList<SinkTarget> targets, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers, CancellationToken cancellationToken)
    {
        if (targets[0].IsMain)
        {
            stream.Encode(_writer, blocks, markers);
            await InsertAsync(targets[0].Table, stream.Layout, markers, cancellationToken);
            return;
        }

        _rollups!.Aggregate([.. blocks.Cast<RowBlock>()], markers);
        foreach (var target in targets)
        {
            _rollups.Encode(_writer, target.Table);
            await InsertAsync(target.Table, RollupAggregator.Layout(target.Table), markers, cancellationToken);
        }
    }

    public void Dispose() => _writer.Dispose();

    private ValueTask InsertAsync(
        string table, (string Columns, string Structure) layout, IReadOnlyList<Marker> markers, CancellationToken cancellationToken) =>
        claims.InsertAsync(table, layout.Columns, layout.Structure, markers.Select(m => m.Partition), _writer.Written, cancellationToken);
}
