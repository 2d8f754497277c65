using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Catalogue;

/// <summary>Puts together what several sources say of the same device or sensor: field by field, the first source that says it.</summary>
public static class CatalogueMerge
{
    /// <summary>Adds to an entry what it does not say and another one does.</summary>
    public static void Complete(CatalogueEntry entry, CatalogueEntry other)
    {
        // The two belong together: a symbol of one source beside the code of another would be two units.
        if (entry.Unit.Length == 0 && entry.UnitCode.Length == 0)
        {
            (entry.Unit, entry.UnitCode) = (other.Unit, other.UnitCode);
        }

        entry.DisplayName = First(entry.DisplayName, other.DisplayName);
        entry.Description = First(entry.Description, other.Description);
        entry.Type = First(entry.Type, other.Type);
        entry.Enterprise = First(entry.Enterprise, other.Enterprise);
        entry.Site = First(entry.Site, other.Site);
        entry.Area = First(entry.Area, other.Area);
        entry.Line = First(entry.Line, other.Line);
        entry.Cell = First(entry.Cell, other.Cell);
        entry.ExpectedIntervalUs = entry.ExpectedIntervalUs == 0 ? other.ExpectedIntervalUs : entry.ExpectedIntervalUs;
        entry.Kind = entry.Kind == CatalogueKind.Unspecified ? other.Kind : entry.Kind;
        CompleteNumbers(entry, other);
        if (entry.States.Count == 0)
        {
            entry.States.Add(other.States);
        }

        foreach (var (tag, value) in other.Tags)
        {
            entry.Tags.TryAdd(tag, value);
        }
    }

    private static void CompleteNumbers(CatalogueEntry entry, CatalogueEntry other)
    {
        if (!entry.HasLow && other.HasLow)
        {
            entry.Low = other.Low;
        }

        if (!entry.HasHigh && other.HasHigh)
        {
            entry.High = other.High;
        }

        if (!entry.HasLoLo && other.HasLoLo)
        {
            entry.LoLo = other.LoLo;
        }

        if (!entry.HasLo && other.HasLo)
        {
            entry.Lo = other.Lo;
        }

        if (!entry.HasHi && other.HasHi)
        {
            entry.Hi = other.Hi;
        }

        if (!entry.HasHiHi && other.HasHiHi)
        {
            entry.HiHi = other.HiHi;
        }

        if (!entry.HasRatePerMinute && other.HasRatePerMinute)
        {
            entry.RatePerMinute = other.RatePerMinute;
        }

        if (!entry.HasDecimals && other.HasDecimals)
        {
            entry.Decimals = other.Decimals;
        }
    }

    private static string First(string one, string other) => one.Length > 0 ? one : other;

    private static void TryAdd(this Google.Protobuf.Collections.MapField<string, string> map, string key, string value)
    {
        if (!map.ContainsKey(key))
        {
            map.Add(key, value);
        }
    }
}
