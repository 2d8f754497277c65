using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Security;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Connections;

/// <summary>What all connections of a broker share.</summary>
internal sealed record BrokerCore(
    EdgeOptions Options,
    MessageRouter Router,
    SessionRegistry Sessions,
    IIngest? Ingest,
    BrokerSecurity Security,
    TimerWheel Wheel,
    EdgeMetrics Metrics,
    TimeProvider Time,
    ILogger Logger)
{
    private readonly LogThrottle _connectBudget = new(Time);
    private readonly LogThrottle _contests = new(Time);

    /// <summary>Client identifiers that several clients use.</summary>
    public TakeOverWatch TakeOvers { get; } = new(Time);

    public IAuthorizer Authorizer => Security.Authorizer;

    /// <summary>Who has which session, where several nodes share the log; null where one has it alone.</summary>
    public SharedSessions? Shared { get; set; }

    /// <summary>CONNECT packets that are not answered yet.</summary>
    public ByteBudget Connecting { get; } = new(Options.MaxConnectBytes);

    /// <summary>A session was taken from a connection that lived: tells of it, now and then, when that goes on.</summary>
    public void NoteTakeOver(string clientId, System.Net.EndPoint? remote)
    {
        if (TakeOvers.IsContested(clientId, out var count))
        {
            Metrics.SessionContested();
            if (_contests.TryPass(out var heldBack))
            {
                Logger.SessionContested(clientId, count, remote, heldBack);
            }
        }
    }

    /// <summary>Tells, now and then, that <see cref="Connecting"/> is spent.</summary>
    public void TellConnectBudgetSpent()
    {
        if (_connectBudget.TryPass(out var heldBack))
        {
            Logger.ConnectBudgetSpent(heldBack);
        }
    }
}
