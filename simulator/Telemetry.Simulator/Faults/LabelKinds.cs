namespace Telemetry.Simulator.Faults;

/// <summary>Names of kinds in labels.</summary>
internal static class LabelKinds
{
    private static readonly string[] Faults = ["spike", "level-shift", "drift", "stuck-at", "noise-burst", "dropout"];

    private static readonly string[] Conditions =
        ["power-off", "power-on", "offline", "clock-set-back", "sensor-missing", "maintenance"];

    public static string Name(FaultKind kind) => Faults[(int)kind];

    public static string Name(ConditionKind kind) => Conditions[(int)kind];
}
