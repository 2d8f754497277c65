namespace Telemetry.Edge.Topics;

/// <summary>Who subscribes, as the tree of subscriptions sees it: a session.</summary>
internal interface ISubscriber
{
    /// <summary>True when it has a connection now.</summary>
    bool IsConnected { get; }

    /// <summary>True when a guaranteed message could be written at once. A hint.</summary>
    bool HasSendQuota { get; }
}
