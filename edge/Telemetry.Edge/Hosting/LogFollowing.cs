using Microsoft.Extensions.Logging;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Routing;

namespace Telemetry.Edge.Hosting;

/// <summary>Reads on in a shared log and gives each record to the part that it is about.</summary>
internal sealed class LogFollowing(
    IBrokerLog log, SharedSessions sessions, SharedMessages messages, MessageRouter router, WallClock clock, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _following = Task.CompletedTask;

    public void Start()
    {
        var readers = new Dictionary<BrokerTopic, IBrokerLogReader>
        {
            [BrokerTopic.Sessions] = new LogReader(ReadSession, logger),
            [BrokerTopic.Retained] = new LogReader(ReadRetained, logger),
            [BrokerTopic.Messages] = new LogReader((partition, offset, _, value) => messages.Apply(partition, offset, value), logger, messages.DropUnder),
        };
        _following = Task.Run(() => log.FollowAsync(topic => readers[topic], _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void ReadSession(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!SessionKeys.TryRead(key, out var kind, out var client, out var filter))
        {
            throw new FormatException("The key is not one of ours.");
        }

        switch (kind)
        {
            case SessionRecordKind.Session:
                sessions.Apply(client, value);
                messages.SessionKnown();
                break;
            case SessionRecordKind.Subscription:
                sessions.ApplySubscription(client, filter, value);
                break;
            case SessionRecordKind.Progress:
                sessions.ApplyProgress(client, value);
                break;
            case SessionRecordKind.Node:
                sessions.ApplyNode(client, lives: !value.IsEmpty);
                break;
            default:
                break;
        }
    }

    private void ReadRetained(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        router.Retain(key, value.IsEmpty ? null : RetainedRecord.Read(key, value, clock.ToBrokerTime));
}
