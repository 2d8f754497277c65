using System.Text.Json;

namespace Telemetry.Query.Answers;

/// <summary>
/// Numbers in JSON, which knows neither NaN nor infinity: a value that is not finite is <c>null</c>, and where it is a
/// single reading <c>special</c> beside it says which of <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c> it was.
/// </summary>
internal static class JsonValues
{
    /// <summary>Unix milliseconds, with microseconds as fraction.</summary>
    public static void Time(Utf8JsonWriter writer, string name, long us) => writer.WriteNumber(name, us / 1000m);

    public static void Number(Utf8JsonWriter writer, string name, double value)
    {
        writer.WritePropertyName(name);
        Number(writer, value);
    }

    public static void Number(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    public static void Special(Utf8JsonWriter writer, double value)
    {
        if (SpecialName(value) is { } special)
        {
            writer.WriteString("special", special);
        }
    }

    public static string? SpecialName(double value) =>
        double.IsFinite(value) ? null : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
