namespace Telemetry.Streams.StoreAndForward;

/// <summary>Records sent to one target and not yet acknowledged, in the order of sending. Guarded by its lane.</summary>
internal sealed class InFlight(Lock gate, Action<RecordLogException?> answered) : IAppendCompletion
{
    private (long Offset, ForwardKey? Key, bool Done)[] _slots = new (long, ForwardKey?, bool)[256];
    private ulong _head;
    private ulong _tail;

    /// <summary>The oldest of them; null when there is none.</summary>
    public long? Oldest => _head < _tail ? Slot(_head).Offset : null;

    /// <summary>Number for the append's state.</summary>
    public ulong Enter(long offset, ForwardKey? key)
    {
        if (_tail - _head == (ulong)_slots.Length)
        {
            var larger = new (long, ForwardKey?, bool)[_slots.Length * 2];
            for (var i = _head; i < _tail; i++)
            {
                larger[i % (ulong)larger.Length] = Slot(i);
            }

            _slots = larger;
        }

        Slot(_tail) = (offset, key, false);
        if (key is not null)
        {
            key.InFlight++;
        }

        return _tail++;
    }

    /// <summary>Takes the last entry back: the target did not take it.</summary>
    public void Undo()
    {
        ref var slot = ref Slot(--_tail);
        if (slot.Key is { } key)
        {
            key.InFlight--;
        }

        slot = default;
    }

    /// <summary>What is not acknowledged; it is forgotten here.</summary>
    public List<(long Offset, ForwardKey? Key)> TakeUnacknowledged()
    {
        var left = new List<(long, ForwardKey?)>();
        for (; _head < _tail; _head++)
        {
            if (!Slot(_head).Done)
            {
                left.Add((Slot(_head).Offset, Slot(_head).Key));
                if (Slot(_head).Key is { } key)
                {
                    key.InFlight--;
                }
            }
        }

        return left;
    }

    public void Appended(long offset, RecordLogException? error, ulong state)
    {
        lock (gate)
        {
            if (state < _head || state >= _tail)
            {
                return; // Of a target that was given up.
            }

            if (error is null && !Slot(state).Done)
            {
                Slot(state).Done = true;
                if (Slot(state).Key is { } key)
                {
                    key.InFlight--;
                }

                while (_head < _tail && Slot(_head).Done)
                {
                    Slot(_head++) = default;
                }
            }
        }

        answered(error);
    }

    private ref (long Offset, ForwardKey? Key, bool Done) Slot(ulong number) => ref _slots[number % (ulong)_slots.Length];
}
