using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Telemetry.Processing.Settings;

/// <summary>
/// One version of the settings, as a record of the settings topic: key <c>version/{id}</c>, value a JSON object. A record is the next version
/// only if it says that it replaces the newest one there is; of two written at once the first on the log wins, and every reader sees it so.
/// </summary>
public sealed record SettingsVersion
{
    internal const string KeyPrefix = "version/";

    /// <summary>1, 2, 3...</summary>
    public required int Number { get; init; }

    /// <summary>Differs for every attempt to write a version.</summary>
    public required string Id { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string By { get; init; }

    /// <summary>What it came through: api, file, backtest.</summary>
    public required string Source { get; init; }

    /// <summary>Why, for people; may be empty.</summary>
    public string Comment { get; init; } = "";

    /// <summary>The document as it was given (JSON, UTF-8).</summary>
    public required ReadOnlyMemory<byte> Document { get; init; }

    /// <summary>What it says; null when this program cannot read it, see <see cref="Problem"/>.</summary>
    public DetectorSettings? Settings { get; init; }

    /// <summary>Why it cannot be read here; empty when it can.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Key of its record.</summary>
    public string Key => KeyPrefix + Id;

    /// <summary>Value of its record.</summary>
    public byte[] ToRecord()
    {
        var output = new ArrayBufferWriter<byte>(Document.Length + 256);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Number);
            writer.WriteString("at", At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            writer.WriteString("by", By);
            writer.WriteString("source", Source);
            writer.WriteString("comment", Comment);
            writer.WritePropertyName("settings");
            writer.WriteStringValue(Document.Span);
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">Not such a record.</exception>
    internal static SettingsVersion FromRecord(string key, ReadOnlyMemory<byte> value)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            var root = json.RootElement;
            var document = System.Text.Encoding.UTF8.GetBytes(root.GetProperty("settings").GetString()!);
            var (settings, problem) = TryRead(document);
            return new SettingsVersion
            {
                Number = root.GetProperty("version").GetInt32(),
                Id = key[KeyPrefix.Length..],
                At = root.GetProperty("at").GetDateTimeOffset(),
                By = root.GetProperty("by").GetString()!,
                Source = root.GetProperty("source").GetString()!,
                Comment = root.GetProperty("comment").GetString()!,
                Document = document,
                Settings = settings,
                Problem = problem,
            };
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"The record {key} of the settings topic is no version: {error.Message}", error);
        }
    }

    private static (DetectorSettings? Settings, string Problem) TryRead(byte[] document)
    {
        try
        {
            return (DetectorSettingsReader.Read(document), "");
        }
        catch (DetectorSettingsException error)
        {
            // Written by a newer program: known, shown, and not put in force by this one.
            return (null, error.Message);
        }
    }
}
