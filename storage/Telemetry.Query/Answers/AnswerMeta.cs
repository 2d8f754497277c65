using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Text;

namespace Telemetry.Query.Answers;

/// <summary>How fresh and how complete an answer is. Each answer carries it.</summary>
/// <param name="Now">When it was read, microseconds.</param>
/// <param name="Watermark">
/// Smallest, over the log partitions stored to of late, of the newest event time stored, no later than now; null when nothing was.
/// </param>
/// <param name="Ingested">
/// When the newest record stored came in, by the log; the newest event time that is not in the future where the log does not know. Null
/// when nothing is stored.
/// </param>
/// <param name="Completeness">Share of the log that is stored, 0 to 1; null when unknown.</param>
/// <param name="Behind">Log records not stored yet; null when unknown.</param>
internal sealed record AnswerMeta(long Now, long? Watermark, long? Ingested, double? Completeness, long? Behind)
{
    /// <summary>Seconds since <see cref="Ingested"/>. A device's clock has no say in it.</summary>
    public double? Freshness => Ingested is { } ingested ? Math.Max(0, (Now - ingested) / 1e6) : null;

    public void WriteTo(Utf8JsonWriter writer, bool truncated)
    {
        writer.WriteStartObject("meta");
        Write(writer, "watermark", Watermark is { } mark ? TimeText.Format(mark) : null);
        Write(writer, "freshness", Freshness);
        Write(writer, "completeness", Completeness);
        Write(writer, "behind", Behind);
        writer.WriteString("asOf", TimeText.Format(Now));
        writer.WriteBoolean("truncated", truncated);
        writer.WriteEndObject();
    }

    /// <summary>The same for CSV and JSON lines, whose bodies hold rows only.</summary>
    public void WriteTo(IHeaderDictionary headers)
    {
        headers["Telemetry-As-Of"] = TimeText.Format(Now);
        headers["Telemetry-Watermark"] = Watermark is { } mark ? TimeText.Format(mark) : "unknown";
        headers["Telemetry-Freshness"] = Freshness is { } age ? Number(age) : "unknown";
        headers["Telemetry-Completeness"] = Completeness is { } share ? Number(share) : "unknown";
        headers["Telemetry-Behind"] = Behind is { } behind ? behind.ToString(CultureInfo.InvariantCulture) : "unknown";
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is null)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, Math.Round(number, 6));
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
