using Telemetry.Contracts.V1;

namespace Telemetry.Query.Answers;

/// <summary>Names of anomaly kinds in the API.</summary>
internal static class AnomalyKinds
{
    public static readonly IReadOnlyDictionary<string, AnomalyKind> ByName = new Dictionary<string, AnomalyKind>
    {
        ["spike"] = AnomalyKind.Spike,
        ["change-point"] = AnomalyKind.ChangePoint,
        ["stuck-at"] = AnomalyKind.StuckAt,
        ["dropout"] = AnomalyKind.Dropout,
        ["noise-burst"] = AnomalyKind.NoiseBurst,
    };

    public static string Name(AnomalyKind kind)
    {
        foreach (var (name, value) in ByName)
        {
            if (value == kind)
            {
                return name;
            }
        }

        return "unspecified";
    }
}
