using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge.Upstream;

/// <summary>
/// Messages of one connection between receipt and acknowledgement. The log answers in any order; acknowledgements go to the broker in the
/// order of receipt [MQTT-4.6.0-2, MQTT-4.6.0-3], so the oldest holds back those behind it. At the first message that the log did not take it
/// ends: that message and those behind it stay unacknowledged, and the broker sends them again to the next connection.
/// One task enters, one task acknowledges; answers come from any thread.
/// </summary>
/// <typeparam name="T">What acknowledges a message.</typeparam>
/// <param name="capacity">Most messages waiting.</param>
internal sealed class UpstreamWindow<T>(int capacity) : IIngestCompletion
    where T : class
{
    private readonly Lock _gate = new();
    private readonly (T? Message, IngestOutcome? Outcome)[] _slots = new (T?, IngestOutcome?)[capacity];
    private readonly Pulse _answered = new();
    private readonly Pulse _freed = new();
    private ulong _head;
    private ulong _tail;

    /// <summary>Messages received and not yet acknowledged.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return (int)(_tail - _head);
            }
        }
    }

    /// <summary>Takes a place. Its number must come back with the answer.</summary>
    public async ValueTask<ulong> EnterAsync(T message, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_tail - _head < (ulong)_slots.Length)
                {
                    _slots[_tail % (ulong)_slots.Length] = (message, null);
                    return _tail++;
                }
            }

            await _freed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The oldest message, once the log has it; null: the log did not take it. Call <see cref="Release"/> when it is acknowledged.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_head < _tail && _slots[_head % (ulong)_slots.Length] is { Outcome: { } outcome } slot)
                {
                    return outcome == IngestOutcome.Failed ? null : slot.Message;
                }
            }

            await _answered.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives the place of the oldest message back.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _slots[_head++ % (ulong)_slots.Length] = default;
        }

        _freed.Signal();
    }

    /// <inheritdoc/>
    public void Ingested(in IngestResult result, ulong state)
    {
        lock (_gate)
        {
            _slots[state % (ulong)_slots.Length].Outcome = result.Outcome;
        }

        _answered.Signal();
    }
}
