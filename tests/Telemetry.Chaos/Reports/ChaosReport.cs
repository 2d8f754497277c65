using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telemetry.Chaos.Reports;

/// <summary>A run of several schedules, as JSON.</summary>
internal sealed record ChaosReport
{
    /// <summary>snake_case, as all of the product's reports.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public required string Command { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required string Machine { get; init; }

    public required int Brokers { get; init; }

    public required IReadOnlyList<ScheduleResult> Schedules { get; init; }

    public int Passed => Schedules.Count(s => s.Passed);

    public int Failed => Schedules.Count(s => !s.Passed);

    public long Acked => Schedules.Sum(s => s.Audit?.Acked ?? 0);

    public long Lost => Schedules.Sum(s => s.Audit?.Lost ?? 0);

    public long Doubled => Schedules.Sum(s => s.Audit?.Doubled ?? 0);

    public long Unexplained => Schedules.Sum(s => s.Audit?.Unexplained ?? 0);

    /// <summary>How often each kind of fault was played.</summary>
    public IReadOnlyDictionary<string, int> Played => new SortedDictionary<string, int>(
        Schedules.SelectMany(s => s.Faults).Where(f => f.Skipped is null).CountBy(f => f.Kind).ToDictionary());

    /// <summary>How long things stood still after each kind of fault.</summary>
    public IReadOnlyDictionary<string, StandstillFigures> Standstills => new SortedDictionary<string, StandstillFigures>(
        Schedules.SelectMany(s => s.Faults).Where(f => f.Skipped is null)
            .GroupBy(f => f.Kind).ToDictionary(g => g.Key, g => StandstillFigures.Of([.. g])));

    /// <summary>Kinds that were not played, and why.</summary>
    public IReadOnlyDictionary<string, string> Skipped => new SortedDictionary<string, string>(
        Schedules.SelectMany(s => s.Faults).Where(f => f.Skipped is not null)
            .GroupBy(f => f.Kind).ToDictionary(g => g.Key, g => g.First().Skipped!));

    public Task WriteAsync(string file) =>
        File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(this, Json), CancellationToken.None);
}
