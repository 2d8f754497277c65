using Microsoft.Extensions.Logging;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Hosting;

/// <summary>The parts that keep a broker's state on the log, and, where several nodes share it, keep up with theirs.</summary>
internal sealed class BrokerDurability : IAsyncDisposable
{
    private readonly IBrokerLog _log;
    private readonly BrokerLogWriter _writer;
    private readonly MessageFloors _floors = new();
    private readonly TimerWheel _wheel;
    private readonly WallClock _clock;
    private LogFollowing? _following;

    public BrokerDurability(IBrokerLog log, TimerWheel wheel, TimeProvider time)
    {
        _log = log;
        _wheel = wheel;
        _writer = new BrokerLogWriter(log, time);
        _clock = new WallClock(wheel, time);
        Sessions = new SessionStore(_writer, _floors, _clock, log.Node);
        Publishes = new PublishLog(_writer, _floors, _clock, log.IsShared);
    }

    public SessionStore Sessions { get; }

    public PublishLog Publishes { get; }

    /// <summary>Who has which session, among several nodes; null where one has the log alone, and before the start.</summary>
    public SharedSessions? Shared { get; private set; }

    /// <summary>By partition of the messages topic, the offset that the start read from.</summary>
    public IReadOnlyDictionary<int, long> RestoredFrom { get; private set; } = new Dictionary<int, long>();

    /// <summary>Brings back what the log holds, and begins to follow it where others write to it too.</summary>
    public async Task RestoreAsync(
        SessionRegistry sessions, RetainedMessages retained, MessageRouter router, ILogger logger, CancellationToken cancellationToken)
    {
        var messages = _log.IsShared ? new SharedMessages(sessions, router, _floors, _clock, _wheel) : null;
        var restore = new BrokerRestore(
            _log, sessions, retained, _floors, Sessions, _writer, _clock, logger,
            messages is null ? null : (partition, offset, _, value) => messages.Apply(partition, offset, value),
            messages is null ? null : messages.DropUnder);
        await restore.RunAsync(cancellationToken);
        RestoredFrom = restore.From;
        if (messages is null)
        {
            return;
        }

        Shared = new SharedSessions(sessions, Sessions, _log, _clock);
        sessions.Shared = Shared;
        foreach (var (node, lives) in restore.Nodes)
        {
            Shared.ApplyNode(node, lives);
        }

        Shared.Started();
        _following = new LogFollowing(_log, Shared, messages, router, _clock, logger);
        _following.Start();
    }

    /// <summary>Writes what is due. Called by the broker's timer.</summary>
    public void Tick()
    {
        Sessions.Tick();
        Shared?.Tick();
    }

    /// <summary>Writes what is left to write, as far as the deadline allows; what is not is done again after the next start.</summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        Sessions.Tick();
        await _writer.FlushAsync(deadline);
        Sessions.WriteCheckpoint();
        if (Shared is not null)
        {
            Sessions.AppendNode(lives: false);
        }

        await _writer.FlushAsync(deadline);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_following is { } following)
        {
            _following = null;
            await following.DisposeAsync();
        }

        await _writer.DisposeAsync();
    }
}
