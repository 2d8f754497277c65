using System.Buffers;

namespace Telemetry.Simulator.Devices;

/// <summary>Where a kept publish is.</summary>
internal enum PendingState : byte
{
    Queued,
    Sent,
    Settled,
}

/// <summary>
/// The publishes a device keeps until they are answered, in order of their numbers: a ring that grows up to its bound. Owned
/// by its device.
/// </summary>
internal sealed class PendingPublishes(int capacity)
{
    private Entry[] _ring = new Entry[2];
    private ulong _first;

    /// <summary>Kept ones, settled ones behind an unsettled one included.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    /// <summary>Number of the next publish.</summary>
    public ulong Next => _first + (ulong)Count;

    /// <summary>The kept publish of that number. Check <see cref="Holds"/> first: the ring gives another one's place for a number it does not hold.</summary>
    public ref Entry this[ulong publish] => ref _ring[(int)(publish % (ulong)_ring.Length)];

    public bool Holds(ulong publish) => publish >= _first && publish < Next;

    public void Add(ReadOnlySpan<byte> payload, bool holdBack)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        var copy = ArrayPool<byte>.Shared.Rent(payload.Length);
        payload.CopyTo(copy);
        this[Next] = new Entry { Payload = copy, Length = payload.Length, HoldBack = holdBack };
        Count++;
    }

    /// <summary>
    /// The next publish to send: the oldest that waits, or the one behind it when the oldest is to be overtaken.
    /// </summary>
    /// <param name="wait">True: one to be overtaken waits for a successor; false: it goes now.</param>
    /// <param name="publish">Its number.</param>
    /// <param name="overtaken">The one it overtakes.</param>
    public bool TryNextToSend(bool wait, out ulong publish, out ulong? overtaken)
    {
        overtaken = null;
        for (publish = _first; publish < Next; publish++)
        {
            ref var entry = ref this[publish];
            if (entry.State != PendingState.Queued)
            {
                continue;
            }

            if (!entry.HoldBack)
            {
                return true;
            }

            if (publish + 1 < Next && this[publish + 1].State == PendingState.Queued)
            {
                overtaken = publish++;
                return true;
            }

            return !wait;
        }

        return false;
    }

    /// <summary>The newest publish that waits; false: none.</summary>
    public bool TryNewest(out ulong publish)
    {
        for (publish = Next; publish > _first;)
        {
            if (this[--publish].State == PendingState.Queued)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Marks a publish that was sent and got no answer, so that it is sent again.</summary>
    public void Requeue(ulong publish) => this[publish].State = PendingState.Queued;

    /// <summary>A publish was answered: its bytes go back to the pool.</summary>
    public void Settle(ulong publish)
    {
        ref var entry = ref this[publish];
        ArrayPool<byte>.Shared.Return(entry.Payload);
        entry.Payload = [];
        entry.State = PendingState.Settled;
        while (Count > 0 && this[_first].State == PendingState.Settled)
        {
            _first++;
            Count--;
        }
    }

    private void Grow()
    {
        var grown = new Entry[Math.Min(_ring.Length * 2, Math.Max(capacity, _ring.Length + 1))];
        for (var publish = _first; publish < Next; publish++)
        {
            grown[(int)(publish % (ulong)grown.Length)] = this[publish];
        }

        _ring = grown;
    }

    public struct Entry
    {
        public byte[] Payload;
        public int Length;
        public PendingState State;

        /// <summary>To be sent after its successor.</summary>
        public bool HoldBack;

        /// <summary>Sent before, over a connection that ended.</summary>
        public bool WasSent;

        /// <summary>When it was last sent, in the clock's ticks.</summary>
        public long SentAt;
    }
}
