using Telemetry.Mqtt;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// Answers owed for QoS 1 and 2 publishes of one connection, in the order of the publishes. The reader adds, any thread
/// completes, the writer takes the finished front: acknowledgements go out in order whatever order the log answers in.
/// [MQTT-4.6.0-2, 4.6.0-3]
/// </summary>
internal sealed class AckWindow(ISessionOwner? owner = null)
{
    /// <summary>In place of a timestamp: this answer only waits its turn, and its time is nobody's latency.</summary>
    public const long NotMeasured = 0;

    private readonly RingBuffer<Slot> _slots = new();
    private ulong _firstTicket;
    private int _qos1;
    private TaskCompletionSource? _room;

    /// <summary>The connection whose answers these are.</summary>
    public ISessionOwner? Owner { get; } = owner;

    /// <summary>Answers owed.</summary>
    public int Count
    {
        get
        {
            lock (_slots)
            {
                return _slots.Count;
            }
        }
    }

    /// <summary>Answers owed to QoS 1 publishes.</summary>
    public int CountQos1
    {
        get
        {
            lock (_slots)
            {
                return _qos1;
            }
        }
    }

    /// <summary>True when the front can be written.</summary>
    public bool HasReady
    {
        get
        {
            lock (_slots)
            {
                return _slots.Count > 0 && _slots[0].Done;
            }
        }
    }

    /// <summary>Reserves the next place.</summary>
    /// <returns>Its ticket.</returns>
    public ulong Reserve(ushort identifier, byte qos, long startedAt)
    {
        lock (_slots)
        {
            _slots.AddLast(new Slot(identifier, qos, startedAt, false, default, null));
            _qos1 += qos == 1 ? 1 : 0;
            return _firstTicket + (ulong)_slots.Count - 1;
        }
    }

    /// <summary>Takes the last reservation back; nothing was added since.</summary>
    public void Cancel()
    {
        lock (_slots)
        {
            _qos1 -= _slots[_slots.Count - 1].Qos == 1 ? 1 : 0;
            _slots.RemoveLast();
        }
    }

    /// <summary>The answer for a ticket is known.</summary>
    /// <returns>True when the front can be written now.</returns>
    public bool Complete(ulong ticket, ReasonCode code, string? reason)
    {
        lock (_slots)
        {
            if (ticket < _firstTicket || ticket - _firstTicket >= (ulong)_slots.Count)
            {
                return false;
            }

            ref var slot = ref _slots[(int)(ticket - _firstTicket)];
            slot = slot with { Done = true, Code = code, Reason = reason };
            return _slots[0].Done;
        }
    }

    /// <summary>Takes the front when it is finished.</summary>
    public bool TryTake(out Slot slot)
    {
        lock (_slots)
        {
            if (_slots.Count == 0 || !_slots[0].Done)
            {
                slot = default;
                return false;
            }

            slot = _slots.RemoveFirst();
            _firstTicket++;
            _qos1 -= slot.Qos == 1 ? 1 : 0;
            _room?.TrySetResult();
            _room = null;
            return true;
        }
    }

    /// <summary>Completes when an answer has been taken, or there is none to wait for.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        lock (_slots)
        {
            if (_slots.Count == 0)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>One answer.</summary>
    /// <param name="Identifier">Packet identifier of the publish.</param>
    /// <param name="Qos">1: PUBACK, 2: PUBREC.</param>
    /// <param name="StartedAt">Timestamp of the publish, for the latency; <see cref="NotMeasured"/> when it only waits its turn.</param>
    /// <param name="Done">The answer is known.</param>
    /// <param name="Code">The answer.</param>
    /// <param name="Reason">Reason String, when there is one.</param>
    internal readonly record struct Slot(
        ushort Identifier, byte Qos, long StartedAt, bool Done, ReasonCode Code, string? Reason);
}
