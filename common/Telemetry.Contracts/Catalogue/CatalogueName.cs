using System.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Catalogue;

/// <summary>What an entry is about, and who says it: the newest entry of a name counts.</summary>
/// <param name="Source">Who says it.</param>
/// <param name="Device">Device, or a pattern of devices.</param>
/// <param name="Sensor">Sensor, or a pattern of sensors; empty: the device itself.</param>
public readonly record struct CatalogueName(CatalogueSource Source, string Device, string Sensor)
{
    /// <summary>Name of an entry.</summary>
    public static CatalogueName Of(CatalogueEntry entry) => new(SourceOf(entry), entry.Device, entry.Sensor);

    /// <summary>Entries from before there were sources come from Sparkplug.</summary>
    public static CatalogueSource SourceOf(CatalogueEntry entry) =>
        entry.Source == CatalogueSource.Unspecified ? CatalogueSource.Sparkplug : entry.Source;

    /// <summary>Key of its record. Names hold no <c>|</c>, and a device no slash, so that each key is of one name.</summary>
    public byte[] ToKey() => Encoding.UTF8.GetBytes(Source switch
    {
        CatalogueSource.Edited => "edited|",
        CatalogueSource.Device => "device|",
        CatalogueSource.Pattern => "pattern|",
        _ => "",
    } + (Sensor.Length == 0 ? Device : $"{Device}/{Sensor}"));

    /// <summary>The name that a key is of.</summary>
    public static CatalogueName OfKey(ReadOnlySpan<byte> key)
    {
        var text = Encoding.UTF8.GetString(key);
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        var source = (bar < 0 ? "" : text[..bar]) switch
        {
            "edited" => CatalogueSource.Edited,
            "device" => CatalogueSource.Device,
            "pattern" => CatalogueSource.Pattern,
            _ => CatalogueSource.Sparkplug,
        };
        var name = text[(bar + 1)..];
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new CatalogueName(source, name, "") : new CatalogueName(source, name[..slash], name[(slash + 1)..]);
    }

    /// <summary>True when a name has * or ? in it.</summary>
    public static bool IsPattern(string name) => name.AsSpan().ContainsAny('*', '?');
}
