using Telemetry.Storage.Blocks;
using Telemetry.Storage.Ownership;

namespace Telemetry.Storage.Writing;

/// <summary>One INSERT of rows with their markers: one block, one part a month, whole or not at all.</summary>
internal sealed class RowInserter(SinkStream stream, SinkClaims claims) : IDisposable
{
    private readonly NativeWriter _writer = new();

    /// <summary>Inserts into one of the stream's tables, <c>rollup_in</c> or a twin that feeds one rollup.</summary>
    public async Task InsertAsync(
        string table, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers, CancellationToken cancellationToken)
    {
        stream.Encode(_writer, blocks, markers, table);
        var (columns, structure) = stream.Layout(table);
        await claims.InsertAsync(table, columns, structure, markers.Select(m => m.Partition), _writer.Written, cancellationToken);
    }

    public void Dispose() => _writer.Dispose();
}
