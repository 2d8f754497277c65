using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Catalogue;

/// <summary>
/// Reads catalogue documents and finds everything that is wrong with one at once. <c>docs/catalogue.md</c> has the form. Which entry is a pattern its
/// names say.
/// </summary>
public sealed class CatalogueReader
{
    /// <summary>Largest document of an import, bytes.</summary>
    public const int DocumentBytesMax = 64 << 20;

    /// <summary>Most entries of an import.</summary>
    public const int EntriesMax = 500_000;

    /// <summary>Largest announcement of a device, bytes.</summary>
    public const int AnnouncementBytesMax = 256 << 10;

    /// <summary>Most patterns.</summary>
    public const int PatternsMax = 1_000;

    private const int SensorsMax = 2_000;
    private const int ErrorsMax = 100;
    private const int PatternCharsMax = 128;
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 8 };
    private static readonly string[] Common = ["device", "sensor", "displayName", "description", "tags"];
    private static readonly string[] OfDevices = ["type", "enterprise", "site", "area", "line", "cell", "expectedInterval"];
    private static readonly string[] OfSensors =
        ["kind", "unit", "unitCode", "low", "high", "loLo", "lo", "hi", "hiHi", "ratePerMinute", "decimals", "states"];

    // What an answer of ours has besides; it is passed over, so that an answer can be put back.
    private static readonly string[] PassedOver = ["version", "by", "comment", "time", "source", "sources", "edited", "meta", "known"];

    private readonly List<DocumentError> _errors = [];
    private Func<int, string, string> _whereOf = static (index, member) => $"entries[{index}]{member}";

    /// <summary>Reads the document of an import: <c>{"entries": [...]}</c>.</summary>
    /// <param name="document">UTF-8.</param>
    /// <param name="errors">What is wrong; empty when it can be used.</param>
    /// <param name="whereOf">Names a place by the number of an entry and a member with its dot; null: a JSON path.</param>
    /// <returns>The entries; null when something is wrong.</returns>
    public static IReadOnlyList<CatalogueEntry>? ReadDocument(
        ReadOnlyMemory<byte> document, out IReadOnlyList<DocumentError> errors, Func<int, string, string>? whereOf = null)
    {
        var reader = new CatalogueReader();
        reader._whereOf = whereOf ?? reader._whereOf;
        errors = reader._errors;
        return reader.Parse(document, DocumentBytesMax, reader.Document);
    }

    /// <summary>Reads one entry as the API puts it; what it is about is said beside it.</summary>
    public static CatalogueEntry? ReadEntry(ReadOnlyMemory<byte> document, string device, string sensor, out IReadOnlyList<DocumentError> errors)
    {
        var reader = new CatalogueReader();
        errors = reader._errors;
        return reader.Parse(document, AnnouncementBytesMax, root => reader.Entry(root, "", device, sensor));
    }

    /// <summary>Reads what a device announces of itself: an entry with its <c>sensors</c>.</summary>
    public static CatalogueEntry? ReadAnnouncement(ReadOnlyMemory<byte> document, string device, out IReadOnlyList<DocumentError> errors)
    {
        var reader = new CatalogueReader();
        errors = reader._errors;
        return reader.Parse(document, AnnouncementBytesMax, root => reader.Announcement(root, device));
    }

    private T? Parse<T>(ReadOnlyMemory<byte> document, int bytesMax, Func<JsonElement, T?> read)
        where T : class
    {
        if (document.Length > bytesMax)
        {
            Wrong("", $"The document is larger than {bytesMax} bytes.");
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(document, Options);
            var result = read(json.RootElement);
            return _errors.Count == 0 ? result : null;
        }
        catch (JsonException error)
        {
            Wrong("", $"It is not JSON: {error.Message}");
            return null;
        }
    }

    private List<CatalogueEntry>? Document(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("entries", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            Wrong("", "The document is an object with the array 'entries'.");
            return null;
        }

        if (list.GetArrayLength() > EntriesMax)
        {
            Wrong("entries", $"There are {list.GetArrayLength()} entries; an import takes at most {EntriesMax}.");
            return null;
        }

        var entries = new List<CatalogueEntry>(list.GetArrayLength());
        var places = new Dictionary<CatalogueName, int>();
        foreach (var item in list.EnumerateArray())
        {
            var index = entries.Count;
            var entry = Entry(item, index, null, null);
            entries.Add(entry);
            if (!places.TryAdd(CatalogueName.Of(entry), index))
            {
                Wrong(_whereOf(index, ""), $"This is about the same as {_whereOf(places[CatalogueName.Of(entry)], "")}. Give one entry for each device and sensor.");
            }
        }

        if (entries.Count(e => e.Source == CatalogueSource.Pattern) is > PatternsMax and var patterns)
        {
            Wrong("entries", $"There are {patterns} patterns; there may be {PatternsMax}.");
        }

        return entries;
    }

    private CatalogueEntry Announcement(JsonElement root, string device)
    {
        var entry = Entry(root, "", device, "", ["sensors"]);
        entry.Source = CatalogueSource.Device;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("sensors", out var list))
        {
            return entry;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > SensorsMax)
        {
            Wrong("sensors", $"Give an array of at most {SensorsMax} objects, each with the name of a 'sensor'.");
            return entry;
        }

        _whereOf = static (index, member) => $"sensors[{index}]{member}";
        var names = new HashSet<string>();
        foreach (var item in list.EnumerateArray())
        {
            var index = entry.Sensors.Count;
            var sensor = Entry(item, index, device, null);
            sensor.Source = CatalogueSource.Device;
            entry.Sensors.Add(sensor);
            if (sensor.Sensor.Length == 0 || !names.Add(sensor.Sensor))
            {
                Wrong(_whereOf(index, ".sensor"), "Name each sensor once.");
            }
        }

        return entry;
    }

    private CatalogueEntry Entry(JsonElement item, int index, string? device, string? sensor) => Entry(item, _whereOf(index, ""), device, sensor, [], member => _whereOf(index, member));

    private CatalogueEntry Entry(JsonElement item, string where, string? device, string? sensor, string[]? more = null) =>
        Entry(item, where, device, sensor, more ?? [], static member => member.TrimStart('.'));

    private CatalogueEntry Entry(JsonElement item, string where, string? device, string? sensor, string[] more, Func<string, string> at)
    {
        var entry = new CatalogueEntry();
        if (item.ValueKind != JsonValueKind.Object)
        {
            Wrong(where, "An entry is an object.");
            return entry;
        }

        var fields = new CatalogueFields(item, at, Wrong);
        entry.Device = Name(fields, "device", device, isSensor: false) ?? "";
        entry.Sensor = Name(fields, "sensor", sensor, isSensor: true) ?? "";
        entry.Source = CatalogueName.IsPattern(entry.Device) || CatalogueName.IsPattern(entry.Sensor) ? CatalogueSource.Pattern : CatalogueSource.Edited;
        var isSensor = entry.Sensor.Length > 0;
        foreach (var member in item.EnumerateObject())
        {
            var isKnown = Common.Contains(member.Name) || PassedOver.Contains(member.Name) || more.Contains(member.Name);
            if (!isKnown && !(isSensor ? OfSensors : OfDevices).Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null)
            {
                Wrong(at("." + member.Name), (isSensor ? OfDevices : OfSensors).Contains(member.Name)
                    ? $"This belongs to {(isSensor ? "a device: leave it out, or leave 'sensor' out" : "a sensor: name the 'sensor' too")}."
                    : $"It is not known. Known are {string.Join(", ", isSensor ? OfSensors : OfDevices)}, displayName, description, tags.");
            }
        }

        entry.DisplayName = fields.Text("displayName", 128);
        entry.Description = fields.Text("description", 1024);
        fields.Tags(entry.Tags);
        if (isSensor)
        {
            Sensor(fields, entry);
        }
        else
        {
            entry.Type = fields.Text("type", 64);
            entry.Enterprise = fields.Text("enterprise", 64);
            entry.Site = fields.Text("site", 64);
            entry.Area = fields.Text("area", 64);
            entry.Line = fields.Text("line", 64);
            entry.Cell = fields.Text("cell", 64);
            entry.ExpectedIntervalUs = fields.Duration("expectedInterval");
        }

        return entry;
    }

    private string? Name(CatalogueFields fields, string member, string? given, bool isSensor)
    {
        var said = fields.Text(member, PatternCharsMax);
        if (given is not null)
        {
            if (said.Length > 0 && said != given)
            {
                Wrong(fields.At(member), $"It names '{said}', and the entry is about '{given}'. Leave it out.");
            }

            return given;
        }

        if (said.Length == 0 && isSensor)
        {
            return "";
        }

        var plain = said.Replace("*", "x", StringComparison.Ordinal).Replace("?", "x", StringComparison.Ordinal);
        var isPattern = plain != said;
        Span<byte> bytes = stackalloc byte[PatternCharsMax * 4];
        var length = Encoding.UTF8.GetBytes(plain, bytes);
        var checkedPart = isPattern && length > ReadingLimits.NameBytesMax ? bytes[..ReadingLimits.NameBytesMax] : bytes[..length];
        if (isSensor ? !ReadingNames.IsSensor(checkedPart) : !ReadingNames.IsDevice(checkedPart))
        {
            Wrong(
                fields.At(member),
                $"'{said}' {(isSensor ? ReadingNames.SensorFault(checkedPart) : ReadingNames.DeviceFault(checkedPart))}. A {member} is {(isSensor ? ReadingNames.SensorRule : ReadingNames.DeviceRule)}; with * and ? it is a pattern.");
        }

        return said;
    }

    private void Sensor(CatalogueFields fields, CatalogueEntry entry)
    {
        if (fields.Text("kind", 32) is { Length: > 0 } kind)
        {
            if (CatalogueJson.Kinds.TryGetValue(kind, out var known))
            {
                entry.Kind = known;
            }
            else
            {
                Wrong(fields.At("kind"), $"'{kind}' is not one of {string.Join(", ", CatalogueJson.Kinds.Keys)}.");
            }
        }

        entry.Unit = fields.Text("unit", 32);
        entry.UnitCode = fields.Text("unitCode", UcumUnit.LengthMax);
        if (entry.UnitCode.Length > 0 && !UcumUnit.IsCode(entry.UnitCode))
        {
            Wrong(fields.At("unitCode"), $"'{entry.UnitCode}' is no UCUM code{(UcumUnit.CodeOf(entry.UnitCode) is { } code ? $"; perhaps '{code}' is meant" : "")}. Examples: Cel, bar, mm/s, kW.h, {{pieces}}. Free text goes into 'unit'.");
        }

        // Both are kept, so that what was exported says the same when it is imported.
        entry.Unit = entry.Unit.Length > 0 || entry.UnitCode.Length == 0 ? entry.Unit : UcumUnit.SymbolOf(entry.UnitCode);
        entry.UnitCode = entry.UnitCode.Length > 0 || entry.Unit.Length == 0 ? entry.UnitCode : UcumUnit.CodeOf(entry.Unit) ?? "";
        Limits(fields, entry);
        if (fields.Integer("decimals", 0, 15) is { } decimals)
        {
            entry.Decimals = (uint)decimals;
        }

        fields.States(entry.States);
        if (entry.States.Count > 0 && entry.Kind is not (CatalogueKind.State or CatalogueKind.Unspecified))
        {
            Wrong(fields.At("states"), "Only a sensor of the kind 'state' has states.");
        }
    }

    private void Limits(CatalogueFields fields, CatalogueEntry entry)
    {
        string[] names = ["low", "high", "loLo", "lo", "hi", "hiHi", "ratePerMinute"];
        var values = names.Select(fields.Number).ToArray();
        Action<double>[] set =
        [
            v => entry.Low = v, v => entry.High = v, v => entry.LoLo = v, v => entry.Lo = v, v => entry.Hi = v, v => entry.HiHi = v,
            v => entry.RatePerMinute = v,
        ];
        for (var i = 0; i < names.Length; i++)
        {
            if (values[i] is { } value)
            {
                set[i](value);
            }
        }

        if (values[0] >= values[1])
        {
            Wrong(fields.At("low"), string.Create(CultureInfo.InvariantCulture, $"{values[0]} is not below high, {values[1]}."));
        }

        if (values[6] <= 0)
        {
            Wrong(fields.At("ratePerMinute"), "Give more than 0.");
        }

        var last = -1;
        for (var i = 2; i <= 5; i++)
        {
            if (values[i] is null)
            {
                continue;
            }

            if (last >= 0 && values[i] < values[last])
            {
                Wrong(fields.At(names[i]), string.Create(CultureInfo.InvariantCulture, $"{values[i]} is below {names[last]}, {values[last]}. The order is loLo, lo, hi, hiHi."));
            }

            last = i;
        }
    }

    private void Wrong(string where, string problem)
    {
        if (_errors.Count < ErrorsMax)
        {
            _errors.Add(new DocumentError(where, problem));
        }
    }
}
