namespace Telemetry.Mqtt.Client;

/// <summary>
/// Keep alive for any number of connections with one timer: a wheel of one-second spokes. A connection sits on the spoke
/// of the second it is due in and is looked at only then.
/// </summary>
public sealed class KeepAliveWheel : IDisposable
{
    private const int Spokes = 256;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly List<Entry>?[] _spokes = new List<Entry>?[Spokes];
    private readonly List<Entry> _due = [];
    private readonly long _start;
    private ITimer? _timer;
    private long _now;
    private int _count;

    /// <summary>Makes a wheel of its own; tests give it a clock they move.</summary>
    public KeepAliveWheel(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>The wheel that clients use unless told otherwise.</summary>
    public static KeepAliveWheel Shared { get; } = new(TimeProvider.System);

    /// <summary>Connections on the wheel.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    internal TimeProvider Time => _time;

    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    /// <summary>Looks at the member in <paramref name="delay"/>, and as often as it asks to be looked at again.</summary>
    internal void Add(IKeepAliveMember member, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                // No timer runs while nobody is here, so the hand may have fallen behind.
                _now = Elapsed();
            }
            Place(member, delay);
            _count++;
            _timer ??= _time.CreateTimer(static state => ((KeepAliveWheel)state!).Turn(), this, Tick, Tick);
        }
    }

    private long Elapsed() => (long)_time.GetElapsedTime(_start).TotalSeconds;

    private void Place(IKeepAliveMember member, TimeSpan delay)
    {
        // Rounded down, never up: a ping too early is harmless.
        var second = Math.Max(_now + 1, Elapsed() + (long)delay.TotalSeconds);
        var spoke = (int)(second % Spokes);
        (_spokes[spoke] ??= []).Add(new Entry(member, second));
    }

    private void Turn()
    {
        lock (_gate)
        {
            if (_due.Count > 0)
            {
                // The turn before is still at work; what is due now will be found by the next.
                return;
            }
            for (var until = Elapsed(); _now < until;)
            {
                _now++;
                CollectDue(_spokes[(int)(_now % Spokes)]);
            }
            if (_due.Count == 0)
            {
                return;
            }
        }
        LookAtDue();
    }

    private void CollectDue(List<Entry>? spoke)
    {
        if (spoke is null)
        {
            return;
        }
        var kept = 0;
        for (var i = 0; i < spoke.Count; i++)
        {
            if (spoke[i].Second <= _now)
            {
                _due.Add(spoke[i]);
            }
            else
            {
                spoke[kept++] = spoke[i];
            }
        }
        spoke.RemoveRange(kept, spoke.Count - kept);
    }

    private void LookAtDue()
    {
        foreach (var entry in _due)
        {
            var next = entry.Member.KeepAlive();
            lock (_gate)
            {
                if (next is { } delay)
                {
                    Place(entry.Member, delay);
                }
                else
                {
                    _count--;
                }
            }
        }
        lock (_gate)
        {
            _due.Clear();
            if (_count == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    private readonly record struct Entry(IKeepAliveMember Member, long Second);
}

/// <summary>A connection on the wheel.</summary>
internal interface IKeepAliveMember
{
    /// <summary>Pings if it is time. Returns when to look again; null: never.</summary>
    TimeSpan? KeepAlive();
}
