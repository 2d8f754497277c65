using System.Buffers;

namespace Telemetry.Contracts.Readings;

/// <summary>Which device ids and sensor names are legal. Both travel in topics, keys, SQL and URLs, so they stay plain.</summary>
public static class ReadingNames
{
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
}
