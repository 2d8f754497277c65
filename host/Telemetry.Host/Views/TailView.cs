using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Host.Views;

/// <summary>Events of the live stream as lines.</summary>
/// <param name="output">Where lines go.</param>
/// <param name="format">text, csv or json.</param>
internal sealed class TailView(TextWriter output, string format)
{
    private bool _isBegun;

    public required NamePattern Device { get; init; }

    public required NamePattern Sensor { get; init; }

    /// <summary>True: anomalies and incidents are shown too.</summary>
    public bool Events { get; init; }

    /// <summary>Lines still to show.</summary>
    public long Left { get; set; }

    /// <summary>Shows what passes the filter.</summary>
    public async Task ShowAsync(string kind, JsonElement data)
    {
        switch (kind)
        {
            case "readings":
                foreach (var reading in data.EnumerateArray())
                {
                    await ShowOneAsync("reading", reading);
                }

                break;
            case "anomaly" or "incident" when Events:
                await ShowOneAsync(kind, data);
                break;
            case "dropped":
                await Console.Error.WriteLineAsync($"{data.GetProperty("count")} items are not shown: they came faster than they could be written.");
                break;
            case "busy":
                await Console.Error.WriteLineAsync(data.GetProperty("detail").GetString());
                break;
        }

        await output.FlushAsync();
    }

    private async Task ShowOneAsync(string kind, JsonElement item)
    {
        if (Left <= 0 || !Device.IsMatch(Text(item, "device")) || !Sensor.IsMatch(Text(item, "sensor")))
        {
            return;
        }

        Left--;
        if (!_isBegun && format == "csv")
        {
            await output.WriteLineAsync("time,event,device,sensor,value,quality,text");
        }

        _isBegun = true;
        await output.WriteLineAsync(format switch
        {
            "json" => Json(kind, item),
            "csv" => string.Join(',', Time(item), kind, Text(item, "device"), Text(item, "sensor"), Value(item), Quality(item), Csv(Words(item))),
            _ => kind == "reading"
                ? $"{Time(item)}  {Text(item, "device")}  {Text(item, "sensor")}  {Value(item)}{(Quality(item) is "good" or "" ? "" : "  " + Quality(item))}"
                : $"{Time(item)}  {Text(item, "device")}  {Text(item, "sensor")}  {kind.ToUpperInvariant()} {Text(item, "kind")}: {Words(item)}",
        });
    }

    private static string Json(string kind, JsonElement item)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("event", kind);
            foreach (var member in item.EnumerateObject())
            {
                member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    private static string Time(JsonElement item) =>
        UnixMicros.ToTime((long)(item.GetProperty("t").GetDecimal() * 1000)).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Value(JsonElement item) => item.TryGetProperty("value", out var value) && value.ValueKind != JsonValueKind.Null
        ? value.GetRawText()
        : Text(item, "special");

    private static string Quality(JsonElement item) => item.TryGetProperty("quality", out var quality) ? QualityText.Of(quality.GetInt32()) : "";

    private static string Words(JsonElement item) => Text(item, "text") is { Length: > 0 } text ? text : Text(item, "reason");

    private static string Text(JsonElement item, string member) =>
        item.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Csv(string text) =>
        text.AsSpan().IndexOfAny(",\"\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
