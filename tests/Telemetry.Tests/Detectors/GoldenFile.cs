using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Processing.Detectors;

namespace Telemetry.Tests.Detectors;

/// <summary>How far ML.NET's run on other backends is from the recorded one.</summary>
/// <param name="ScoreToInput">Largest difference of a score, relative to the largest input.</param>
public sealed record GoldenSpread([property: JsonPropertyName("scoreRelToInput")] double ScoreToInput);

/// <summary>One series run through ML.NET itself, with its parameters: a fact to be met.</summary>
public sealed record GoldenFile
{
    [JsonPropertyName("file")]
    public required string File { get; init; }

    [JsonPropertyName("detector")]
    public required string Detector { get; init; }

    [JsonPropertyName("mode")]
    public required string Mode { get; init; }

    [JsonPropertyName("class")]
    public required string Class { get; init; }

    [JsonPropertyName("confidence")]
    public double Confidence { get; init; }

    [JsonPropertyName("pvalueHistoryLength")]
    public int PvalueHistoryLength { get; init; }

    [JsonPropertyName("changeHistoryLength")]
    public int ChangeHistoryLength { get; init; }

    [JsonPropertyName("side")]
    public AnomalySide Side { get; init; } = AnomalySide.TwoSided;

    [JsonPropertyName("martingale")]
    public MartingaleType Martingale { get; init; } = MartingaleType.Power;

    [JsonPropertyName("powerEps")]
    public double PowerEps { get; init; } = 0.1;

    [JsonPropertyName("trainingWindowSize")]
    public int TrainingWindowSize { get; init; }

    [JsonPropertyName("seasonalityWindowSize")]
    public int SeasonalityWindowSize { get; init; }

    [JsonPropertyName("errorFunction")]
    public ErrorFunction ErrorFunction { get; init; }

    [JsonPropertyName("alertThreshold")]
    public string AlertThreshold { get; init; } = "";

    [JsonPropertyName("nanPValueRows")]
    public int NanPValueRows { get; init; }

    /// <summary>Root mean square of ML.NET's scores.</summary>
    [JsonPropertyName("scoreRms")]
    public double ScoreRms { get; init; }

    [JsonPropertyName("spread")]
    public GoldenSpread Spread { get; init; } = new(0);

    [JsonPropertyName("model")]
    public GoldenModel? Model { get; init; }

    [JsonIgnore]
    public string Folder { get; init; } = "";

    public GoldenRow[] Rows() =>
        [.. System.IO.File.ReadLines(Path.Combine(Folder, File)).Skip(1).Select(GoldenRow.Parse)];

    public static double Number(string text) => text.ToUpperInvariant() switch
    {
        "NAN" => double.NaN,
        "INFINITY" or "+INFINITY" or "INF" or "∞" => double.PositiveInfinity,
        "-INFINITY" or "-INF" or "-∞" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    /// <summary>The files of a folder with a manifest; none if there is no such folder.</summary>
    public static GoldenFile[] Load(string? folder)
    {
        if (folder is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var options = new JsonSerializerOptions { Converters = { new JsonStringEnumConverter() } };
        return
        [
            .. document.RootElement.GetProperty("files").EnumerateArray()
                .Select(e => e.Deserialize<GoldenFile>(options)! with { Folder = folder })
                .Where(f => System.IO.File.Exists(Path.Combine(folder, f.File))),
        ];
    }

    /// <summary>All golden files: TELEMETRY_MLNET_GOLDEN, or shared/reference/mlnet/golden beside the repository.</summary>
    public static string? AllFolder()
    {
        if (Environment.GetEnvironmentVariable("TELEMETRY_MLNET_GOLDEN") is { Length: > 0 } named)
        {
            return named;
        }

        return Upward(Path.Combine("shared", "reference", "mlnet", "golden"));
    }

    /// <summary>The few carried in the repository.</summary>
    public static string CarriedFolder() =>
        Upward(Path.Combine("tests", "Telemetry.Tests", "Detectors", "Golden"))
        ?? throw new DirectoryNotFoundException("tests/Telemetry.Tests/Detectors/Golden is not above the test's folder");

    private static string? Upward(string path)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, path);
            if (System.IO.File.Exists(Path.Combine(candidate, "manifest.json")))
            {
                return candidate;
            }
        }

        return null;
    }
}

public sealed record GoldenModel
{
    [JsonPropertyName("rank")]
    public int Rank { get; init; }

    [JsonPropertyName("window")]
    public int Window { get; init; }

    [JsonPropertyName("alpha")]
    public string[] Alpha { get; init; } = [];
}

/// <summary>A row; blank outputs (training rows) are null, the martingale of spikes is NaN.</summary>
public readonly record struct GoldenRow(float Input, bool? Alert, double Score, double PValue, double Martingale)
{
    public static GoldenRow Parse(string line)
    {
        var fields = line.Split(',');
        return fields[2].Length == 0
            ? new GoldenRow(Single(fields[1]), null, double.NaN, double.NaN, double.NaN)
            : new GoldenRow(
                Single(fields[1]),
                fields[2] is "1" or "1.0",
                GoldenFile.Number(fields[3]),
                GoldenFile.Number(fields[4]),
                fields[5].Length == 0 ? double.NaN : GoldenFile.Number(fields[5]));
    }

    private static float Single(string text) =>
        float.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : (float)GoldenFile.Number(text);
}
