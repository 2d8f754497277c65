using System.Globalization;
using Telemetry.Storage.Sizes;

namespace Telemetry.Host.Views;

/// <summary>The size of a store in plain text.</summary>
internal sealed class StoreSizeView(TextWriter output)
{
    /// <param name="size">What is shown.</param>
    /// <param name="allColumns">False: columns of <c>readings</c> only.</param>
    public async Task WriteAsync(StoreSize size, bool allColumns)
    {
        await output.WriteLineAsync(Say($"{ByteText.Of(size.Bytes)} in {size.Parts:N0} parts and {size.Files:N0} files, {size.Readings:N0} raw readings"));
        await output.WriteLineAsync(Say(
            $"replaced by merges and not yet removed: {size.Replaced.Parts:N0} parts, {size.Replaced.Files:N0} files, {ByteText.Of(size.Replaced.Bytes)}"));
        foreach (var disk in size.Disks)
        {
            await output.WriteLineAsync($"disk {disk.Disk} ({disk.Kind}): {ByteText.Of(disk.Bytes)} of the store"
                + (disk.FreeBytes is { } free ? $", {ByteText.Of(free)} free" : "") + (disk.TotalBytes is { } total ? $" of {ByteText.Of(total)}" : ""));
        }

        await output.WriteLineAsync();
        await new TextTable("table", "rows", "bytes", "bytes/row", "bytes/reading", "parts", "files", "oldest", "newest", "replaced").WriteAsync(
            output,
            size.Tables.Select(t => new[]
            {
                t.Table, Say($"{t.Rows:N0}"), ByteText.Of(t.Bytes), Share(t.BytesPerRow), Share(t.BytesPerReading), Say($"{t.Parts:N0}"), Say($"{t.Files:N0}"), Time(t.Oldest), Time(t.Newest),
                t.Replaced.Parts == 0 ? "" : Say($"{t.Replaced.Parts:N0} parts, {ByteText.Of(t.Replaced.Bytes)}"),
            }));
        foreach (var table in size.Tables.Where(t => allColumns || t.Table == "readings"))
        {
            await output.WriteLineAsync();
            if (table.Columns.All(c => c.Rows == 0))
            {
                await output.WriteLineAsync($"{table.Table}: no part is large enough (10 MB) for the engine to tell columns apart");
                continue;
            }

            await new TextTable($"{table.Table}: column", "bytes", "bytes/row", "codec", "type").WriteAsync(
                output, table.Columns.Select(c => new[] { c.Column, ByteText.Of(c.Bytes), Share(c.BytesPerRow), c.Codec, c.Type }));
        }
    }

    private static string Share(double? bytes) => bytes is { } known ? Say($"{known:0.000}") : "-";

    private static string Time(DateTimeOffset? time) => time is { } known ? Say($"{known:yyyy-MM-dd HH:mm:ss}") : "-";

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
