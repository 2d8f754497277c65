using System.Globalization;
using System.Text;

namespace Telemetry.Processing.Settings;

/// <summary>
/// From which offset of a partition on a version is in force, as a record of the settings topic. Written in the transaction that commits the
/// first records processed under it, so the log itself says which settings every record was judged by.
/// </summary>
/// <param name="Group">Consumer group that processes.</param>
/// <param name="Partition">Partition of the readings.</param>
/// <param name="Offset">First offset under the version.</param>
/// <param name="Version">The version.</param>
public readonly record struct SettingsPin(string Group, int Partition, long Offset, int Version)
{
    internal const string KeyPrefix = "pin/";

    /// <summary>Pins of a partition that are kept; older ones are deleted with the next.</summary>
    public const int KeptMax = 64;

    /// <summary>Key of its record.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{KeyPrefix}{Group}/{Partition}/{Offset}");

    /// <summary>Value of its record: the version.</summary>
    public byte[] ToRecord() => Encoding.ASCII.GetBytes(Version.ToString(CultureInfo.InvariantCulture));

    /// <exception cref="FormatException">Not such a key.</exception>
    internal static SettingsPin FromKey(string key, int version)
    {
        var parts = key[KeyPrefix.Length..].Split('/');
        return parts.Length >= 3
            && int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new SettingsPin(string.Join('/', parts[..^2]), partition, offset, version)
            : throw new FormatException($"The record {key} of the settings topic is not a pin.");
    }
}
