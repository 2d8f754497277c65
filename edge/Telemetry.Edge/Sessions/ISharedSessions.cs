namespace Telemetry.Edge.Sessions;

/// <summary>Sessions that several nodes keep up with: what changes who has one goes through the log, whose order decides.</summary>
internal interface ISharedSessions
{
    /// <summary>The session's life is over, its node says; it ends when the log has that before another node's claim.</summary>
    void RequestEnd(Session session);
}

/// <summary>A client id that this node has claimed.</summary>
/// <param name="IsResumed">The session was there before.</param>
/// <param name="Epoch">The claim.</param>
internal readonly record struct SessionClaim(bool IsResumed, ulong Epoch);
