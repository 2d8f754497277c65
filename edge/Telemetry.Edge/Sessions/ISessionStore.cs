namespace Telemetry.Edge.Sessions;

/// <summary>
/// Where sessions that outlive their connections are kept. Told under the registry's lock of the client id, so that what is written
/// follows what happened; nothing here waits. A session that is not kept has no store.
/// </summary>
internal interface ISessionStore
{
    /// <summary>The session was made, connected, disconnected, or its will has changed.</summary>
    /// <returns>Completes when it is durable; fails when the log does not take it.</returns>
    Task SaveAsync(Session session);

    /// <summary>A subscription was made or replaced.</summary>
    Task SaveAsync(Session session, Topics.Subscription subscription);

    /// <summary>A subscription is gone.</summary>
    Task RemoveAsync(Session session, byte[] filter);

    /// <summary>The session is over. Called when its will, if any, has been published.</summary>
    /// <param name="session">It.</param>
    /// <param name="filters">What it was subscribed to.</param>
    /// <param name="successor">Another session of the same client, which has taken over the names of the records.</param>
    void Remove(Session session, IReadOnlyList<byte[]> filters, Session? successor);

    /// <summary>What the session's client has been sent or has acknowledged.</summary>
    /// <param name="session">It.</param>
    /// <param name="urgent">A packet waits until it is durable.</param>
    void ProgressChanged(Session session, bool urgent);
}
