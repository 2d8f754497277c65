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

    /// <summary>True when a name has * or ? in it.</summary>
    public static bool IsPattern(string name) => name.AsSpan().ContainsAny('*', '?');
}
