namespace Telemetry.Processing.Detectors;

/// <summary>Numbers for layouts of detector state, the same in every process.</summary>
internal static class StateLayout
{
    /// <summary>FNV-1a over the layout's number, the detector and its parameters (text of an invariant culture).</summary>
    public static int Version(int layout, string name, string parameters)
    {
        var hash = 2166136261u;
        foreach (var c in $"{layout}|{name}|{parameters}")
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (int)(hash & int.MaxValue);
    }
}
