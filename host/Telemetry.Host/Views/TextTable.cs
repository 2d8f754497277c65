namespace Telemetry.Host.Views;

/// <summary>A table in plain text: columns as wide as their widest cell.</summary>
internal sealed class TextTable(params string[] headings)
{
    public async Task WriteAsync(TextWriter output, IEnumerable<string[]> rows)
    {
        List<string[]> all = [headings, .. rows];
        var widths = Enumerable.Range(0, headings.Length).Select(i => all.Max(r => r[i].Length)).ToArray();
        foreach (var row in all)
        {
            await output.WriteLineAsync(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
