using System.Globalization;

namespace Telemetry.Storage.Verification;

/// <summary>A part of a table.</summary>
internal readonly record struct TablePart(string Table, string Name)
{
    /// <summary>True: an INSERT wrote it. False: a merge did, or its name does not tell.</summary>
    public bool IsFresh
    {
        get
        {
            // partition_min_max_level, with _mutation behind it where there was one.
            var fields = Name.Split('_');
            return fields.Length >= 4 && int.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var level) && level == 0;
        }
    }
}
