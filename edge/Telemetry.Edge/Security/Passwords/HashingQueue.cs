using System.Net;

namespace Telemetry.Edge.Security.Passwords;

/// <summary>
/// Who may hash a password now. So many at once; addresses take turns, and of one address the newest goes first: a newcomer does not wait
/// behind a thousand who came before. What has no place to wait is told so at once, the oldest of the address first.
/// </summary>
/// <param name="atOnce">Hashes at once.</param>
/// <param name="perUser">Most of one user name that wait at one address.</param>
/// <param name="perAddress">Most that wait at one address.</param>
/// <param name="waitingMax">Most that wait in all.</param>
internal sealed class HashingQueue(int atOnce, int perUser = 4, int perAddress = 64, int waitingMax = 4_096)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Place> _places = [];
    private readonly LinkedList<Place> _turns = new();
    private int _atOnce = atOnce;
    private int _running;
    private int _waiting;

    /// <summary>Checks waiting for their turn.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void SetAtOnce(int value)
    {
        lock (_gate)
        {
            _atOnce = value;
        }
    }

    /// <summary>Waits for a turn; <see cref="Leave"/> gives it back.</summary>
    /// <returns>False: there is no place to wait.</returns>
    public async ValueTask<bool> EnterAsync(IPAddress address, string user, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_running < _atOnce && _waiting == 0)
            {
                _running++;
                return true;
            }

            waiter = new Waiter(user);
            if (!TryAdd(address, waiter))
            {
                return false;
            }
        }

        await using var cancelled = cancellationToken.UnsafeRegister(
            static state => ((Waiter)state!).Turn.TrySetCanceled(), waiter);
        try
        {
            return await waiter.Turn.Task;
        }
        catch (OperationCanceledException)
        {
            Forget(waiter);
            throw;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _running--;
            while (_running < _atOnce && _turns.First is { } first)
            {
                _turns.RemoveFirst();
                var place = first.Value;
                var waiter = place.Waiters.First!.Value;
                Remove(place, waiter);
                if (place.Waiters.Count > 0)
                {
                    _turns.AddLast(first);
                }

                if (waiter.Turn.TrySetResult(true))
                {
                    _running++;
                }
            }
        }
    }

    private bool TryAdd(IPAddress address, Waiter waiter)
    {
        if (!_places.TryGetValue(address, out var place))
        {
            if (_waiting >= waitingMax)
            {
                return false;
            }

            place = new Place(address);
            _places.Add(address, place);
            _turns.AddLast(place.Turn);
        }

        if (place.Waiters.Count(w => w.User == waiter.User) >= perUser)
        {
            Drop(place, place.Waiters.Last(w => w.User == waiter.User));
        }
        else if (place.Waiters.Count >= perAddress || _waiting >= waitingMax)
        {
            Drop(place, place.Waiters.Last!.Value);
        }

        place.Waiters.AddFirst(waiter.Node);
        waiter.Place = place;
        _waiting++;
        return true;
    }

    private void Drop(Place place, Waiter waiter)
    {
        place.Waiters.Remove(waiter.Node);
        waiter.Place = null;
        _waiting--;
        waiter.Turn.TrySetResult(false);
    }

    private void Forget(Waiter waiter)
    {
        lock (_gate)
        {
            if (waiter.Place is not { } place)
            {
                return;
            }

            Remove(place, waiter);
            if (place.Waiters.Count == 0)
            {
                _turns.Remove(place.Turn);
            }
        }
    }

    private void Remove(Place place, Waiter waiter)
    {
        place.Waiters.Remove(waiter.Node);
        waiter.Place = null;
        _waiting--;
        if (place.Waiters.Count == 0)
        {
            _places.Remove(place.Address);
        }
    }

    private sealed class Place
    {
        public Place(IPAddress address)
        {
            Address = address;
            Turn = new LinkedListNode<Place>(this);
        }

        public IPAddress Address { get; }

        public LinkedListNode<Place> Turn { get; }

        /// <summary>Newest first.</summary>
        public LinkedList<Waiter> Waiters { get; } = new();
    }

    private sealed class Waiter
    {
        public Waiter(string user)
        {
            User = user;
            Node = new LinkedListNode<Waiter>(this);
        }

        public string User { get; }

        public LinkedListNode<Waiter> Node { get; }

        public Place? Place { get; set; }

        public TaskCompletionSource<bool> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
