using System.Text;
using Google.Protobuf;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>
/// What births say of sensors, for the catalogue: the properties <c>engUnit</c>, <c>engLow</c>, <c>engHigh</c>, <c>documentation</c>
/// (else <c>tooltip</c>, else the description of the metadata), and what the metric is called and typed. Written when it has changed.
/// </summary>
internal sealed class CatalogueWriter(FoldOutput output)
{
    private const int UnitCharsMax = 64;
    private const int DescriptionCharsMax = 1024;
    private const int DescriptionField = 8;

    public void Take(NodeState node, DeviceEntry device, MetricEntry metric, SparkplugType type, in MetricView view, long nowMs)
    {
        var properties = new PropertySet(view.Properties);
        var entry = new CatalogueEntry
        {
            Device = Encoding.ASCII.GetString(device.Device),
            Sensor = Encoding.ASCII.GetString(metric.Sensor),
            Source = CatalogueSource.Sparkplug,
            Unit = Short(properties.Text("engUnit"u8) ?? "", UnitCharsMax),
            Description = Short(
                properties.Text("documentation"u8) ?? properties.Text("tooltip"u8) ?? Description(view.MetaData), DescriptionCharsMax),
        };
        if (properties.Number("engLow"u8) is { } low)
        {
            entry.Low = low;
        }

        if (properties.Number("engHigh"u8) is { } high)
        {
            entry.High = high;
        }

        entry.Tags["sparkplug.group"] = Short(node.GroupText, DescriptionCharsMax);
        entry.Tags["sparkplug.edge"] = Short(node.EdgeText, DescriptionCharsMax);
        if (device.Id.Length > 0)
        {
            entry.Tags["sparkplug.device"] = Short(Encoding.UTF8.GetString(device.Id), DescriptionCharsMax);
        }

        entry.Tags["sparkplug.metric"] = Encoding.UTF8.GetString(metric.Name);
        entry.Tags["sparkplug.type"] = type.ToString();
        var hash = Hash(entry.ToByteArray());
        if (hash != metric.CatalogueHash)
        {
            metric.CatalogueHash = hash;

            // Not part of what is compared: the same words at another time are no news.
            (entry.Version, entry.TimeUs) = ((ulong)nowMs, nowMs * 1000);
            output.Catalogue(device, metric, entry, nowMs);
        }
    }

    private static string Short(string text, int charsMax) => text.Length <= charsMax ? text : text[..charsMax];

    private static string Description(ReadOnlySpan<byte> metaData)
    {
        var reader = new ProtobufReader(metaData);
        var found = "";
        while (!reader.AtEnd && reader.TryReadTag(out var field, out var type))
        {
            if ((field, type) == (DescriptionField, WireType.LengthDelimited) && reader.TryReadBytes(out var text))
            {
                found = Encoding.UTF8.GetString(text);
            }
            else if (!reader.TrySkip(field, type))
            {
                break;
            }
        }

        return found;
    }

    /// <summary>FNV-1a: the same in every process, because it is part of the state. Never 0.</summary>
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261U;
        foreach (var b in bytes)
        {
            hash = unchecked((hash ^ b) * 16777619U);
        }

        return hash | 1;
    }
}
