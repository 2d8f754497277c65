namespace Telemetry.Query.Series;

/// <summary>
/// Rows of a range and of the same length of time some time before it, as one SELECT. A column <c>series</c> tells them apart: <c>press-07/temperature</c> in the
/// range, <c>press-07/temperature@1d</c> the day before. Times are those of the readings, in both.
/// </summary>
/// <param name="Text">How long before, as it was asked: 1d.</param>
/// <param name="Length">The same in microseconds.</param>
internal readonly record struct ComparedSpan(string Text, long Length)
{
    private const string Prefix = "before_";

    /// <param name="range">SELECT of the range, with the columns device, sensor and time.</param>
    /// <param name="before">SELECT of the time before, with the same columns.</param>
    /// <param name="beforeValues">Values of its placeholders.</param>
    /// <param name="values">Gets them under names of their own.</param>
    public string Join(string range, string before, IReadOnlyList<KeyValuePair<string, string>> beforeValues, List<KeyValuePair<string, string>> values)
    {
        var name = Prefix + "name";
        values.Add(new(name, "@" + Text));
        foreach (var (placeholder, value) in beforeValues)
        {
            before = before.Replace($"{{{placeholder}:", $"{{{Prefix}{placeholder}:", StringComparison.Ordinal);
            values.Add(new(Prefix + placeholder, value));
        }

        const string Series = "device, sensor, concat(device, '/', sensor";
        return $"SELECT * FROM (SELECT {Series}) AS series, * EXCEPT (device, sensor) FROM ({range}) UNION ALL SELECT {Series}, {{{name}:String}}) AS series, * EXCEPT (device, sensor) FROM ({before})) "
            + "ORDER BY device, sensor, series, time";
    }
}
