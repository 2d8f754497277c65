using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>Names of states, priorities and transitions as people, the API and outlets have them.</summary>
public static class AlarmNames
{
    /// <summary>For example <c>unacknowledged-active</c>.</summary>
    public static IReadOnlyDictionary<string, AlarmStatus> Statuses { get; } = Names<AlarmStatus>();

    /// <summary><c>low</c> to <c>critical</c>.</summary>
    public static IReadOnlyDictionary<string, AlarmPriority> Priorities { get; } = Names<AlarmPriority>();

    /// <summary>For example <c>raised</c>.</summary>
    public static IReadOnlyDictionary<string, AlarmTransition> Transitions { get; } = Names<AlarmTransition>();

    private static readonly string[] StatusNames = KebabCase.OfAll<AlarmStatus>();
    private static readonly string[] PriorityNames = KebabCase.OfAll<AlarmPriority>();
    private static readonly string[] TransitionNames = KebabCase.OfAll<AlarmTransition>();

    public static string Of(AlarmStatus status) => Name(StatusNames, (int)status);

    public static string Of(AlarmPriority priority) => Name(PriorityNames, (int)priority);

    public static string Of(AlarmTransition transition) => Name(TransitionNames, (int)transition);

    /// <summary>True for the states in which an alarm asks for a person or is being seen to.</summary>
    public static bool IsStanding(AlarmStatus status) =>
        status is AlarmStatus.UnacknowledgedActive or AlarmStatus.AcknowledgedActive or AlarmStatus.ReturnedUnacknowledged;

    /// <summary>A value of a later release has its number for a name.</summary>
    private static string Name(string[] names, int value) =>
        value >= 0 && value < names.Length ? names[value] : value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Dictionary<string, T> Names<T>()
        where T : struct, Enum => Enum.GetValues<T>().Where(v => Convert.ToInt32(v, null) != 0)
            .ToDictionary(v => KebabCase.Of(v.ToString()), v => v);
}
