using Telemetry.Contracts.V1;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Catalogue;

/// <summary>Which devices are meant, by what the catalogue says of them.</summary>
internal sealed record CatalogueFilter
{
    private static readonly ParameterSpec Enterprise = new("enterprise", "Only devices of this enterprise.", "acme");
    private static readonly ParameterSpec Site = new("site", "Only devices of this site.", "graz");
    private static readonly ParameterSpec Area = new("area", "Only devices of this area.", "forming");
    private static readonly ParameterSpec Line = new("line", "Only devices of this line.", "line-3");
    private static readonly ParameterSpec Cell = new("cell", "Only devices of this cell.", "cell-1");
    private static readonly ParameterSpec Type = new("type", "Only devices of this type.", "hydraulic-press");
    private static readonly ParameterSpec Tag = new("tag", "Only devices with this tag: its name, or name=value.", "critical");

    /// <summary>The parameters it is read from.</summary>
    public static readonly IReadOnlyList<ParameterSpec> Parameters = [Enterprise, Site, Area, Line, Cell, Type, Tag];

    private static readonly (ParameterSpec Spec, Func<CatalogueEntry, string> Get)[] Fields =
    [
        (Enterprise, e => e.Enterprise), (Site, e => e.Site), (Area, e => e.Area), (Line, e => e.Line), (Cell, e => e.Cell), (Type, e => e.Type),
    ];

    private readonly IReadOnlyList<(Func<CatalogueEntry, string> Get, string Value)> _wanted;
    private readonly string[]? _tag;
    private readonly string? _text;

    private CatalogueFilter(IReadOnlyList<(Func<CatalogueEntry, string> Get, string Value)> wanted, string[]? tag, string? text) =>
        (_wanted, _tag, _text) = (wanted, tag, text);

    /// <summary>True: every device is meant.</summary>
    public bool IsAll => _wanted.Count == 0 && _tag is null && _text is null;

    /// <summary>True: places, types or tags are asked for, which only the catalogue knows.</summary>
    public bool AsksCatalogue => _wanted.Count > 0 || _tag is not null;

    public static CatalogueFilter Of(ApiParameters parameters, bool search = true) => new(
        [.. Fields.Select(f => (f.Get, Value: parameters.Text(f.Spec))).Where(f => f.Value is not null).Select(f => (f.Get, f.Value!))],
        parameters.Text(Tag)?.Split('=', 2),
        search ? parameters.Text(CommonParameters.Search) : null);

    /// <param name="device">Name of the device.</param>
    /// <param name="entry">What the catalogue says of it; null: nothing.</param>
    public bool Has(string device, CatalogueEntry? entry) =>
        (!AsksCatalogue || (entry is not null && _wanted.All(w => w.Get(entry) == w.Value) && HasTag(entry)))
        && (_text is null || device.Contains(_text, StringComparison.OrdinalIgnoreCase)
            || entry?.DisplayName.Contains(_text, StringComparison.OrdinalIgnoreCase) == true);

    private bool HasTag(CatalogueEntry entry) =>
        _tag is null || (entry.Tags.TryGetValue(_tag[0], out var value) && (_tag.Length == 1 || value == _tag[1]));

    /// <summary>The value that devices are put together by; null: no such place.</summary>
    public static Func<CatalogueEntry, string>? PlaceOf(string name) => Fields.FirstOrDefault(f => f.Spec.Name == name).Get;

    /// <summary>Names that devices can be put together by.</summary>
    public static readonly IReadOnlyList<string> Places = [.. Fields.Select(f => f.Spec.Name)];
}
