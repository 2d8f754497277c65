namespace Telemetry.Edge.Sessions;

/// <summary>
/// Life of a session.
/// <code>
/// Online ──Detach, keep──> Offline ──Attach──> Online
///    │                        │
///    └──Detach, end / End──>  └──End──> Ended
/// </code>
/// </summary>
internal enum SessionState : byte
{
    Offline,
    Online,
    Ended,
}

internal enum SessionInput : byte
{
    /// <summary>A connection takes the session, perhaps from another one.</summary>
    Attach,

    /// <summary>The connection that has it is gone; the session stays.</summary>
    Detach,

    /// <summary>Expired, replaced by a clean start, or ended with its connection.</summary>
    End,
}

internal static class SessionTransitions
{
    /// <summary>The state after the input; null when that is not allowed.</summary>
    public static SessionState? Next(SessionState state, SessionInput input) => (state, input) switch
    {
        (SessionState.Offline or SessionState.Online, SessionInput.Attach) => SessionState.Online,
        (SessionState.Online, SessionInput.Detach) => SessionState.Offline,
        (SessionState.Offline or SessionState.Online, SessionInput.End) => SessionState.Ended,
        _ => null,
    };
}
