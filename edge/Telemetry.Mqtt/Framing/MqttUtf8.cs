using System.Text;
using System.Text.Unicode;

namespace Telemetry.Mqtt;

/// <summary>UTF-8 Encoded Strings, MQTT 5.0 section 1.5.4. A byte order mark is a character like any other.</summary>
public static class MqttUtf8
{
    /// <summary>Most bytes a string can have.</summary>
    public const int MaxLength = 65_535;

    /// <summary>True for well-formed UTF-8 (no surrogates, no overlong forms) without U+0000.</summary>
    public static bool IsValid(ReadOnlySpan<byte> value) => Utf8.IsValid(value) && !value.Contains((byte)0);

    /// <summary>As <see cref="IsValid"/>, with the reason.</summary>
    public static bool TryCheck(ReadOnlySpan<byte> value, string clause, out MqttError error)
    {
        if (!Utf8.IsValid(value))
        {
            error = MqttError.Malformed(clause, "A string is not well-formed UTF-8.");
            return false;
        }
        if (value.Contains((byte)0))
        {
            error = MqttError.Malformed(clause, "A string contains the character U+0000.");
            return false;
        }
        error = default;
        return true;
    }

    /// <summary>The text as a string may carry it: cut to so many bytes between two characters, without U+0000.</summary>
    public static string Fit(string text, int bytesMax)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            text = text.Replace('\0', '\uFFFD');
        }

        if (Encoding.UTF8.GetByteCount(text) <= bytesMax)
        {
            return text;
        }

        var bytes = 0;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > bytesMax)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
