namespace Telemetry.Contracts.Readings;

/// <summary>Sizes that bound one <c>ReadingBatch</c>. A batch beyond one of them is refused whole.</summary>
public static class ReadingLimits
{
    /// <summary>Longest device id and sensor name, in bytes.</summary>
    public const int NameBytesMax = 64;

    /// <summary>Most sensors named in one batch.</summary>
    public const int SensorsMax = 1024;

    /// <summary>Most readings in one batch.</summary>
    public const int ReadingsMax = 10_000;

    /// <summary>Largest encoded batch, in bytes.</summary>
    public const int BatchBytesMax = 256 * 1024;
}
