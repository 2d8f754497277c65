namespace Telemetry.Edge.Connections;

/// <summary>
/// Who is writing.
/// <code>
/// Idle ──Wake──> Running ──Wake──> RunningAgain
///   ^               │  ^                │
///   └───Finished────┘  └────Finished────┘        Failed: the output broke, nothing is written any more
/// </code>
/// </summary>
internal enum PumpState
{
    Idle,
    Running,
    RunningAgain,
    Failed,
}

internal enum PumpInput
{
    /// <summary>There is something new to write.</summary>
    Wake,

    /// <summary>The writer found nothing more.</summary>
    Finished,

    /// <summary>The output broke.</summary>
    Break,
}

internal static class PumpTransitions
{
    public static PumpState Next(PumpState state, PumpInput input) => (state, input) switch
    {
        (PumpState.Failed, _) => PumpState.Failed,
        (_, PumpInput.Break) => PumpState.Failed,
        (PumpState.Idle, PumpInput.Wake) => PumpState.Running,
        (PumpState.Running or PumpState.RunningAgain, PumpInput.Wake) => PumpState.RunningAgain,
        (PumpState.RunningAgain, PumpInput.Finished) => PumpState.Running,
        (_, PumpInput.Finished) => PumpState.Idle,
        _ => state,
    };
}
