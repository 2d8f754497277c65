using System.Text.Json;
using Telemetry.Simulator.Machines;

namespace Telemetry.Operations.Scoring;

/// <summary>The labels a running simulator wrote: one JSON object a line.</summary>
public static class LabelFile
{
    /// <summary>Faults and conditions of the file, by device; deliveries (duplicates, disorder) are left out.</summary>
    /// <exception cref="FormatException">A line is no label; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, List<PlayedLabel>> Read(string path)
    {
        var labels = new Dictionary<string, List<PlayedLabel>>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            try
            {
                using var json = JsonDocument.Parse(line);
                if (json.RootElement.TryGetProperty("start_us", out _))
                {
                    var label = Read(json.RootElement);
                    if (!labels.TryGetValue(label.Device, out var list))
                    {
                        labels.Add(label.Device, list = []);
                    }

                    list.Add(label);
                }
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new FormatException($"{path}:{number} is no label of the simulator: {error.Message}", error);
            }
        }

        return labels;
    }

    private static PlayedLabel Read(JsonElement label)
    {
        string[] sensors = label.TryGetProperty("sensors", out var several)
            ? [.. several.EnumerateArray().Select(s => s.GetString()!)]
            : label.TryGetProperty("sensor", out var one) ? [one.GetString()!] : [];
        return new PlayedLabel(
            label.GetProperty("kind").GetString()!,
            label.GetProperty("device").GetString()!,
            sensors,
            label.GetProperty("start_us").GetInt64(),
            label.GetProperty("end_us").GetInt64(),
            label.TryGetProperty("size", out var size) ? size.GetDouble() : 0,
            IsFault: !label.TryGetProperty("condition", out var condition) || !condition.GetBoolean());
    }
}
