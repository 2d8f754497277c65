using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Sparkplug;

namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>What a birth said of a metric, and the last live value.</summary>
internal sealed class MetricEntry(byte[] name, byte[] sensor, SparkplugType type)
{
    /// <summary>What an entry takes besides its name, about, on the log and in memory.</summary>
    private const int FixedBytes = 48;

    /// <summary>As the birth has it; a template's member with the names of its parents in front.</summary>
    public byte[] Name { get; } = name;

    public byte[] Sensor { get; } = sensor;

    public SparkplugType Type { get; set; } = type;

    public ulong Alias { get; set; }

    public bool HasAlias { get; set; }

    public bool HasValue { get; set; }

    public long TimeUs { get; set; }

    public double Value { get; set; }

    public Quality Quality { get; set; }

    /// <summary>Hash of what the catalogue was told last; 0: nothing.</summary>
    public uint CatalogueHash { get; set; }

    public int Bytes => Name.Length + FixedBytes;

    public static MetricEntry Of(ReadOnlySpan<byte> name, SparkplugType type) => new(name.ToArray(), SparkplugNames.Sensor(name), type);

    /// <summary>True when this is the reading that the metric had last: a birth tells present values, new or not.</summary>
    public bool IsRestated(long timeUs, double value, Quality quality) =>
        HasValue && TimeUs == timeUs && Quality == quality && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(value);

    public void Keep(long timeUs, double value, Quality quality) => (HasValue, TimeUs, Value, Quality) = (true, timeUs, value, quality);
}
