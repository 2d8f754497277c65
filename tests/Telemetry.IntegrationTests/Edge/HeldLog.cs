using System.Collections.Concurrent;
using Telemetry.Edge;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>A broker's log that keeps back what it has to say of messages, and can say that it did not take them.</summary>
internal sealed class HeldLog(IBrokerLog log) : IBrokerLog
{
    private readonly ConcurrentQueue<(IBrokerLogCompletion Completion, long Offset, Exception? Error, ulong State)> _held = new();
    private volatile bool _holds;

    /// <summary>True: messages are not written at all, and their senders are told so.</summary>
    public bool Refuses { get; set; }

    public bool IsShared => log.IsShared;

    public string Node => log.Node;

    /// <summary>From now on nothing is said of messages.</summary>
    public void Hold() => _holds = true;

    /// <summary>Says what was kept back, and all that comes.</summary>
    public void Release()
    {
        _holds = false;
        while (_held.TryDequeue(out var held))
        {
            held.Completion.Appended(held.Offset, held.Error, held.State);
        }
    }

    public int Partitions(BrokerTopic topic) => log.Partitions(topic);

    public int PartitionOf(BrokerTopic topic, ReadOnlySpan<byte> key) => log.PartitionOf(topic, key);

    public bool TryAppend(in BrokerRecord record, IBrokerLogCompletion completion, ulong state)
    {
        if (record.Topic != BrokerTopic.Messages)
        {
            return log.TryAppend(record, completion, state);
        }

        if (Refuses)
        {
            throw new BrokerLogException("The disk is gone.");
        }

        return log.TryAppend(record, new Holding(this, completion), state);
    }

    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) => log.WaitForCapacityAsync(cancellationToken);

    public Task ReadAsync(BrokerTopic topic, Func<int, long> from, IBrokerLogReader reader, CancellationToken cancellationToken) =>
        log.ReadAsync(topic, from, reader, cancellationToken);

    public Task FollowAsync(Func<BrokerTopic, IBrokerLogReader> readerOf, CancellationToken cancellationToken) =>
        log.FollowAsync(readerOf, cancellationToken);

    public Task CatchUpAsync(BrokerTopic topic, CancellationToken cancellationToken) => log.CatchUpAsync(topic, cancellationToken);

    private sealed class Holding(HeldLog owner, IBrokerLogCompletion completion) : IBrokerLogCompletion
    {
        public void Appended(long offset, Exception? error, ulong state)
        {
            if (owner._holds)
            {
                owner._held.Enqueue((completion, offset, error, state));
                return;
            }

            completion.Appended(offset, error, state);
        }
    }
}
