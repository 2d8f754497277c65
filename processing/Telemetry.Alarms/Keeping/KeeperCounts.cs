namespace Telemetry.Alarms.Keeping;

/// <summary>What a keeper counted since the last time somebody took it.</summary>
internal sealed class KeeperCounts
{
    /// <summary>Changes by transition.</summary>
    public long[] Changes { get; } = new long[16];

    /// <summary>Inputs that are none.</summary>
    public long Malformed { get; set; }

    /// <summary>Conditions not followed because the partition has as many alarms as it may, all of them standing.</summary>
    public long Overflowed { get; set; }
}
