using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Answers;

/// <summary>Names of kinds and states of incidents in the API, as they are stored.</summary>
internal static class IncidentNames
{
    public static readonly IReadOnlyDictionary<string, IncidentKind> Kinds = Enum.GetValues<IncidentKind>()
        .Where(kind => kind != IncidentKind.Unspecified)
        .ToDictionary(kind => Name(kind));

    /// <summary>Whether it goes on: opened and updated are one to who asks for a list.</summary>
    public static readonly IReadOnlyDictionary<string, bool> IsOpen = new Dictionary<string, bool> { ["open"] = true, ["ended"] = false };

    public static string Name(Enum value) => KebabCase.Of(value.ToString());
}
