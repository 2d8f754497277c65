using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Processing.Incidents;

/// <summary>Kinds of findings as the records name them, and which of two kinds says more of one cause.</summary>
internal static class IncidentKinds
{
    public static AnomalyKind Of(FindingKind kind) => kind switch
    {
        FindingKind.Spike => AnomalyKind.Spike,
        FindingKind.LevelShift => AnomalyKind.LevelShift,
        FindingKind.Drift => AnomalyKind.Drift,
        FindingKind.StuckAt => AnomalyKind.StuckAt,
        FindingKind.NoiseBurst => AnomalyKind.NoiseBurst,
        FindingKind.UnusualLevel => AnomalyKind.UnusualLevel,
        FindingKind.Limit => AnomalyKind.Limit,
        FindingKind.RateOfChange => AnomalyKind.Rate,
        FindingKind.CounterReset => AnomalyKind.CounterReset,
        FindingKind.UnknownState => AnomalyKind.State,
        _ => AnomalyKind.Unspecified,
    };

    /// <summary>True: <paramref name="kind"/> says more of what happened than <paramref name="before"/>. A jump begins as a spike.</summary>
    public static bool Explains(AnomalyKind kind, AnomalyKind before) => Rank(kind) > Rank(before);

    private static int Rank(AnomalyKind kind) => kind switch
    {
        AnomalyKind.Unspecified => 0,
        AnomalyKind.Spike => 1,
        AnomalyKind.UnusualLevel => 2,
        AnomalyKind.ChangePoint => 3,
        AnomalyKind.Limit => 5,
        _ => 4,
    };
}
