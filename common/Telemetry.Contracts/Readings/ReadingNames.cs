using System.Buffers;
using System.Globalization;
using System.Text;

namespace Telemetry.Contracts.Readings;

/// <summary>Which device ids and sensor names are legal. Both travel in topics, keys, SQL and URLs, so they stay plain.</summary>
public static class ReadingNames
{
    /// <summary>What a device id is, for messages.</summary>
    public const string DeviceRule = "1 to 64 of A-Z a-z 0-9 . _ : -";

    /// <summary>What a sensor name is, for messages.</summary>
    public const string SensorRule = "1 to 64 of A-Z a-z 0-9 . _ : - /";

    private static readonly SearchValues<byte> DeviceBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"u8);

    private static readonly SearchValues<byte> SensorBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-/"u8);

    /// <summary>1 to 64 of <c>A-Z a-z 0-9 . _ : -</c>.</summary>
    public static bool IsDevice(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= ReadingLimits.NameBytesMax && !name.ContainsAnyExcept(DeviceBytes);

    /// <summary>1 to 64 of <c>A-Z a-z 0-9 . _ : - /</c>.</summary>
    public static bool IsSensor(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= ReadingLimits.NameBytesMax && !name.ContainsAnyExcept(SensorBytes);

    /// <summary>What makes a device id illegal, as the rest of a sentence: "has the character U+0020 at position 6".</summary>
    public static string DeviceFault(ReadOnlySpan<byte> name) => Fault(name, DeviceBytes);

    /// <summary>As <see cref="DeviceFault"/>, of a sensor name.</summary>
    public static string SensorFault(ReadOnlySpan<byte> name) => Fault(name, SensorBytes);

    private static string Fault(ReadOnlySpan<byte> name, SearchValues<byte> legal)
    {
        if (name.IsEmpty)
        {
            return "is missing or empty";
        }

        var at = name.IndexOfAnyExcept(legal);
        if (at < 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has {name.Length} characters");
        }

        // Printed by its number: the character itself may be one that no terminal or log takes.
        return Rune.DecodeFromUtf8(name[at..], out var rune, out _) == OperationStatus.Done
            ? string.Create(CultureInfo.InvariantCulture, $"has the character {(rune.Value is > 0x20 and < 0x7F ? $"'{rune}' " : "")}U+{rune.Value:X4} at position {at + 1}")
            : string.Create(CultureInfo.InvariantCulture, $"has the byte 0x{name[at]:X2}, which is not UTF-8, at position {at + 1}");
    }
}
