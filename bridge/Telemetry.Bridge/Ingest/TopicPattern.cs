using System.Text;

namespace Telemetry.Bridge.Ingest;

/// <summary>A topic pattern of the configuration, ready to be compared with topics.</summary>
internal sealed class TopicPattern(TopicPatternOptions options)
{
    private readonly byte[][] _levels = [.. options.Pattern.Split('/').Select(Encoding.UTF8.GetBytes)];

    private static ReadOnlySpan<byte> AnyLevel => "+"u8;

    private static ReadOnlySpan<byte> DeviceLevel => "{device}"u8;

    private static ReadOnlySpan<byte> SensorLevel => "{sensor}"u8;

    public PayloadShape Shape { get; } = new(options.Shapes, options.TimeMember, options.Ignore);

    /// <summary>False: another topic. Names are as the topic has them, legal or not.</summary>
    public bool TryMatch(ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device, out ReadOnlySpan<byte> sensor)
    {
        device = sensor = default;
        var rest = topicName;
        for (var i = 0; i < _levels.Length; i++)
        {
            var slash = rest.IndexOf((byte)'/');
            var isLast = i == _levels.Length - 1;
            if (isLast != slash < 0)
            {
                return false;
            }

            var level = isLast ? rest : rest[..slash];
            ReadOnlySpan<byte> wanted = _levels[i];
            if (wanted.SequenceEqual(DeviceLevel))
            {
                device = level;
            }
            else if (wanted.SequenceEqual(SensorLevel))
            {
                sensor = level;
            }
            else if (!wanted.SequenceEqual(AnyLevel) && !wanted.SequenceEqual(level))
            {
                return false;
            }

            rest = isLast ? default : rest[(slash + 1)..];
        }

        return true;
    }
}
