namespace Telemetry.Operations.Scoring;

/// <summary>One fault and what became of it.</summary>
/// <param name="Device">Device.</param>
/// <param name="Sensor">Sensor it was played on.</param>
/// <param name="Kind">What was played.</param>
/// <param name="Size">In units of the sensor's quiet noise, signed; 0 where there is none.</param>
/// <param name="StartUs">First reading touched, microseconds since 1970.</param>
/// <param name="Readings">How many readings of the sensor it lasted, about.</param>
/// <param name="Day">Days since the device's first reading.</param>
/// <param name="FoundAfterSeconds">From its start to the alarm; null: missed.</param>
/// <param name="Text">What people were told; empty when it was missed.</param>
public sealed record ScoredFault(
    string Device, string Sensor, string Kind, double Size, long StartUs, int Readings, double Day, double? FoundAfterSeconds, string Text)
{
    /// <summary>So many found and so many missed ones, of all kinds in turn; the same for the same faults.</summary>
    public static IReadOnlyList<ScoredFault> Examples(IReadOnlyList<ScoredFault> faults, int count) =>
        [.. InTurn(faults.Where(f => f.FoundAfterSeconds is not null)).Take(count), .. InTurn(faults.Where(f => f.FoundAfterSeconds is null)).Take(count)];

    private static IEnumerable<ScoredFault> InTurn(IEnumerable<ScoredFault> faults) => faults
        .OrderBy(f => f.Device, StringComparer.Ordinal).ThenBy(f => f.StartUs).GroupBy(f => f.Kind)
        .SelectMany(kind => kind.Select((fault, turn) => (fault, turn)))
        .OrderBy(f => f.turn).ThenBy(f => f.fault.Kind, StringComparer.Ordinal).Select(f => f.fault);
}
