using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Answers;

/// <summary>Names of anomaly kinds in the API, as they are stored.</summary>
internal static class AnomalyKinds
{
    /// <summary>Those an anomaly can have: the silence of a device is an incident, seen by no detector.</summary>
    public static readonly IReadOnlyDictionary<string, AnomalyKind> ByName = Enum.GetValues<AnomalyKind>()
        .Where(kind => kind is not (AnomalyKind.Unspecified or AnomalyKind.Silent))
        .ToDictionary(Name);

    public static string Name(AnomalyKind kind) => KebabCase.Of(kind.ToString());
}
