namespace Telemetry.Chaos.Schedules;

/// <summary>What is done to a target.</summary>
internal enum FaultAction
{
    /// <summary>SIGKILL, and a start again at the end.</summary>
    Kill,

    /// <summary>SIGTERM, and a start again at the end.</summary>
    Stop,

    /// <summary>SIGSTOP, and SIGCONT at the end.</summary>
    Pause,

    /// <summary>Further instances come and go, by SIGTERM or SIGKILL: each makes the group rebalance twice.</summary>
    Churn,

    /// <summary>The data directory's file system is full.</summary>
    Fill,

    /// <summary>Bytes arrive late.</summary>
    Delay,

    /// <summary>Bytes vanish; connections that lost some are reset at the end.</summary>
    Drop,

    /// <summary>Bytes wait and arrive at the end.</summary>
    Hold,

    /// <summary>Connections are reset, again and again.</summary>
    Reset,

    /// <summary>Connections are refused.</summary>
    Refuse,

    /// <summary>Few bytes a second.</summary>
    Throttle,
}

/// <summary>Kinds of targets.</summary>
internal enum TargetKind
{
    Edge,
    Process,
    Store,
    ClickHouse,
    Query,
    Broker,
    Controller,
    Registry,
    MqttLink,
    ClickHouseLink,
    KafkaLink,
    RegistryLink,
}

/// <summary>A kind of fault: what is done to what, and for how long.</summary>
/// <param name="Name">As in <c>--only</c>.</param>
/// <param name="Action">What is done.</param>
/// <param name="Target">To what.</param>
/// <param name="SecondsMin">Shortest duration.</param>
/// <param name="SecondsMax">Longest duration.</param>
internal sealed record FaultKind(string Name, FaultAction Action, TargetKind Target, double SecondsMin, double SecondsMax)
{
    /// <summary>True when the fault needs brokers of our own.</summary>
    public bool NeedsBrokers => Target is TargetKind.Broker or TargetKind.Controller or TargetKind.KafkaLink;

    /// <summary>True when the fault needs a schema registry.</summary>
    public bool NeedsRegistry => Target is TargetKind.Registry or TargetKind.RegistryLink;

    /// <summary>True when the fault needs the right to mount a file system.</summary>
    public bool NeedsMount => Action == FaultAction.Fill;
}
