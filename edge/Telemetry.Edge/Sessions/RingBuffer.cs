namespace Telemetry.Edge.Sessions;

/// <summary>A queue with access by position. Grows by doubling; its users bound it. Gives a big array back once empty.</summary>
internal sealed class RingBuffer<T>
{
    private const int SmallCapacity = 8;

    private T[] _items = [];
    private int _head;

    public int Count { get; private set; }

    public ref T this[int index] => ref _items[(_head + index) & (_items.Length - 1)];

    public void AddLast(in T item)
    {
        if (Count == _items.Length)
        {
            Resize(Math.Max(SmallCapacity, _items.Length * 2));
        }

        _items[(_head + Count) & (_items.Length - 1)] = item;
        Count++;
    }

    public T RemoveFirst()
    {
        ref var slot = ref _items[_head];
        var item = slot;
        slot = default!;
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        if (Count == 0 && _items.Length > SmallCapacity * 8)
        {
            _items = [];
            _head = 0;
        }

        return item;
    }

    public void RemoveLast()
    {
        Count--;
        _items[(_head + Count) & (_items.Length - 1)] = default!;
    }

    public void Clear()
    {
        _items = [];
        _head = 0;
        Count = 0;
    }

    private void Resize(int capacity)
    {
        var items = new T[capacity];
        for (var i = 0; i < Count; i++)
        {
            items[i] = this[i];
        }

        _items = items;
        _head = 0;
    }
}
