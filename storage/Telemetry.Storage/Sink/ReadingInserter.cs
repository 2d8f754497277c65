using Telemetry.Storage.Blocks;
using Telemetry.Storage.Ownership;

namespace Telemetry.Storage.Sink;

/// <summary>One INSERT of readings with their markers: one block, one part a month, whole or not at all.</summary>
internal sealed class ReadingInserter(SinkClaims claims) : IDisposable
{
    private readonly NativeWriter _writer = new();

    /// <summary>Inserts into <c>readings</c>, <c>rollup_in</c> or one of its twins.</summary>
    public async Task InsertAsync(
        string table, IReadOnlyList<RowBlock> blocks, IReadOnlyList<Marker> markers, CancellationToken cancellationToken)
    {
        var raw = table == SinkTarget.Raw.Table;
        ReadingEncoder.Encode(_writer, blocks, markers, raw);
        var columns = raw ? ReadingEncoder.RawColumns : ReadingEncoder.RollupColumns;
        await claims.InsertAsync(
            table,
            columns,
            raw ? ReadingEncoder.RawStructure : ReadingEncoder.RollupStructure,
            markers.Select(m => m.Partition),
            _writer.Written,
            cancellationToken);
    }

    public void Dispose() => _writer.Dispose();
}
