using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsvHelper;
using CsvHelper.Configuration;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Catalogue;

/// <summary>
/// The catalogue as a table, for spreadsheets: a row an entry, a column a member. Several tags and states of one entry stand in one cell, between
/// semicolons. Comma or semicolon between columns, as the spreadsheet writes it.
/// </summary>
public static class CatalogueCsv
{
    private static readonly string[] Texts =
        ["device", "sensor", "displayName", "description", "type", "enterprise", "site", "area", "line", "cell", "expectedInterval", "kind", "unit", "unitCode"];

    private static readonly string[] Numbers = ["low", "high", "loLo", "lo", "hi", "hiHi", "ratePerMinute", "decimals"];

    /// <summary>Columns, in the order they are written.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. Texts, .. Numbers, "states", "tags"];

    /// <summary>Reads a table; the header names the columns, in any order, and those that are missing are empty.</summary>
    /// <param name="document">UTF-8.</param>
    /// <param name="errors">What is wrong, by line and column; empty when it can be used.</param>
    /// <returns>The entries; null when something is wrong.</returns>
    public static IReadOnlyList<CatalogueEntry>? Read(ReadOnlyMemory<byte> document, out IReadOnlyList<DocumentError> errors)
    {
        if (document.Length > CatalogueReader.DocumentBytesMax)
        {
            errors = [new DocumentError("", $"The document is larger than {CatalogueReader.DocumentBytesMax} bytes.")];
            return null;
        }

        var wrong = new List<DocumentError>();
        var lines = new List<int>();
        var entries = new JsonArray();
        using (var text = new StreamReader(new MemoryStream(document.ToArray()), Encoding.UTF8))
        {
            using var csv = new CsvReader(text, new CsvConfiguration(CultureInfo.InvariantCulture)
            {
                DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t"], TrimOptions = TrimOptions.Trim, MissingFieldFound = null, BadDataFound = null,
            });
            ReadRows(csv, entries, lines, wrong);
        }

        if (wrong.Count > 0)
        {
            errors = wrong;
            return null;
        }

        var json = Encoding.UTF8.GetBytes(new JsonObject { ["entries"] = entries }.ToJsonString());
        return CatalogueReader.ReadDocument(
            json, out errors, (index, member) => $"line {lines[index]}{(member.Length > 0 ? ", column " + member.TrimStart('.') : "")}");
    }

    /// <summary>Writes a table with its header.</summary>
    public static string Write(IEnumerable<CatalogueEntry> entries)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            foreach (var column in Columns)
            {
                csv.WriteField(column);
            }

            csv.NextRecord();
            foreach (var entry in entries)
            {
                foreach (var cell in Cells(entry))
                {
                    csv.WriteField(cell);
                }

                csv.NextRecord();
            }
        }

        return text.ToString();
    }

    private static void ReadRows(CsvReader csv, JsonArray entries, List<int> lines, List<DocumentError> wrong)
    {
        if (!csv.Read() || !csv.ReadHeader())
        {
            wrong.Add(new DocumentError("line 1", $"The first line names the columns: device, and of {string.Join(", ", Columns.Skip(1))} those that are used."));
            return;
        }

        var header = csv.HeaderRecord!;
        foreach (var unknown in header.Where(h => h.Length > 0 && !Columns.Contains(h)))
        {
            wrong.Add(new DocumentError("line 1", $"There is no column '{unknown}'. Columns are {string.Join(", ", Columns)}."));
        }

        foreach (var twice in header.GroupBy(h => h).Where(g => g.Count() > 1 && g.Key.Length > 0))
        {
            wrong.Add(new DocumentError("line 1", $"The column '{twice.Key}' is there {twice.Count()} times."));
        }

        while (wrong.Count == 0 && csv.Read())
        {
            if (entries.Count >= CatalogueReader.EntriesMax)
            {
                wrong.Add(new DocumentError($"line {csv.Parser.RawRow}", $"An import takes at most {CatalogueReader.EntriesMax} entries."));
                return;
            }

            var cells = header.Select((name, i) => (Name: name, Text: csv.GetField(i) ?? "")).Where(c => c.Name.Length > 0 && c.Text.Length > 0).ToList();
            if (cells.Count > 0)
            {
                lines.Add(csv.Parser.RawRow);
                entries.Add(Entry(cells));
            }
        }
    }

    private static JsonObject Entry(IReadOnlyList<(string Name, string Text)> cells)
    {
        var entry = new JsonObject();
        foreach (var (name, text) in cells)
        {
            // A number that is none stays text: the reader of documents says what is wrong with it.
            entry[name] = name switch
            {
                "tags" => new JsonArray([.. Parts(text).Select(tag => JsonValue.Create(tag))]),
                "states" => new JsonObject(Parts(text).Select(state => state.Split('=', 2))
                    .GroupBy(state => state[0].Trim())
                    .Select(g => KeyValuePair.Create(g.Key, (JsonNode?)JsonValue.Create(g.Last().Length > 1 ? g.Last()[1].Trim() : "")))),
                _ when Numbers.Contains(name) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
                    name == "decimals" && number == Math.Floor(number) && Math.Abs(number) < int.MaxValue ? JsonValue.Create((int)number) : JsonValue.Create(number),
                _ => JsonValue.Create(text),
            };
        }

        return entry;
    }

    private static string[] Parts(string text) => text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string?> Cells(CatalogueEntry entry)
    {
        var isSensor = entry.Sensor.Length > 0;
        yield return entry.Device;
        yield return entry.Sensor;
        yield return entry.DisplayName;
        yield return entry.Description;
        yield return entry.Type;
        yield return entry.Enterprise;
        yield return entry.Site;
        yield return entry.Area;
        yield return entry.Line;
        yield return entry.Cell;
        yield return CatalogueJson.IntervalOf(entry);
        yield return isSensor ? CatalogueJson.KindOf(entry) : null;
        yield return entry.Unit;
        yield return entry.UnitCode;
        yield return entry.HasLow ? Number(entry.Low) : null;
        yield return entry.HasHigh ? Number(entry.High) : null;
        yield return entry.HasLoLo ? Number(entry.LoLo) : null;
        yield return entry.HasLo ? Number(entry.Lo) : null;
        yield return entry.HasHi ? Number(entry.Hi) : null;
        yield return entry.HasHiHi ? Number(entry.HiHi) : null;
        yield return entry.HasRatePerMinute ? Number(entry.RatePerMinute) : null;
        yield return entry.HasDecimals ? Number(entry.Decimals) : null;
        yield return string.Join(';', entry.States.OrderBy(s => s.Key).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}={s.Value}")));
        yield return string.Join(';', CatalogueJson.TagsOf(entry));
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
