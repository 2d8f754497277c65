namespace Telemetry.Host.Composition;

/// <summary>What a process does; <c>up</c> does all of it.</summary>
[Flags]
internal enum Roles
{
    None = 0,

    /// <summary>MQTT broker and bridge.</summary>
    Edge = 1,

    /// <summary>Duplicates, watermarks, detectors.</summary>
    Process = 2,

    /// <summary>Log to ClickHouse.</summary>
    Store = 4,

    /// <summary>HTTP API and console.</summary>
    Query = 8,

    /// <summary>The bridge as a client of another MQTT broker.</summary>
    Bridge = 16,

    /// <summary>States of alarms, rules, outlets.</summary>
    Alarms = 32,

    /// <summary>What <c>up</c> does; the bridge too, where a broker is named for it.</summary>
    All = Edge | Process | Store | Query | Alarms,
}

/// <summary>Names of roles, as commands and the API have them.</summary>
internal static class RoleNames
{
    /// <summary>One name for each role.</summary>
    public static IReadOnlyList<string> Of(Roles roles) =>
    [
        .. Enum.GetValues<Roles>()
            .Where(r => r is not Roles.None and not Roles.All && roles.HasFlag(r))
            .Select(r => r.ToString().ToLowerInvariant()),
    ];
}
