using Telemetry.Contracts.V1;

namespace Telemetry.Query.Answers;

/// <summary>Names of device event kinds in the API.</summary>
internal static class DeviceEventKinds
{
    public static readonly IReadOnlyDictionary<string, DeviceEventKind> ByName = new Dictionary<string, DeviceEventKind>
    {
        ["booted"] = DeviceEventKind.Booted,
        ["silent"] = DeviceEventKind.Silent,
        ["resumed"] = DeviceEventKind.Resumed,
        ["clock-skew"] = DeviceEventKind.ClockSkew,
        ["clock-ok"] = DeviceEventKind.ClockOk,
        ["sequence-gap"] = DeviceEventKind.SequenceGap,
        ["id-conflict"] = DeviceEventKind.IdConflict,
        ["offline"] = DeviceEventKind.Offline,
        ["online"] = DeviceEventKind.Online,
        ["unjudged"] = DeviceEventKind.Unjudged,
    };

    public static string Name(DeviceEventKind kind) => ByName.First(pair => pair.Value == kind).Key;
}
