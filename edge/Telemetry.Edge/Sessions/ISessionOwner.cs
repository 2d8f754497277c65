using Telemetry.Edge.Reasons;

namespace Telemetry.Edge.Sessions;

/// <summary>The connection that has a session, as the session sees it. Both calls come from any thread.</summary>
internal interface ISessionOwner
{
    /// <summary>There is something new to write.</summary>
    void Wake();

    /// <summary>Ends the connection; the first reason counts.</summary>
    void RequestClose(CloseReason reason);
}
