namespace Telemetry.Contracts.Faults;

/// <summary>
/// The pause before failed work is started again: it doubles up to a bound, and begins anew only after the work has run well for a
/// while or has got something done that stays done (<see cref="Progressed"/>). Work that gets going and fails at once, again and again, is slowed
/// down too.
/// </summary>
public sealed class RestartPause
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private readonly TimeSpan _well;
    private readonly TimeProvider _time;
    private TimeSpan _next;
    private long? _started;
    private volatile bool _progressed;

    /// <param name="first">The first pause.</param>
    /// <param name="longest">The bound.</param>
    /// <param name="well">How long work must run before its failure counts as the first.</param>
    /// <param name="time">The clock.</param>
    public RestartPause(TimeSpan first, TimeSpan longest, TimeSpan well, TimeProvider time)
    {
        (_first, _longest, _well, _time, _next) = (first, longest, well, time, first);
    }

    /// <summary>Failures since work last ran well.</summary>
    public int Failures { get; private set; }

    /// <summary>True: work has run well at least once.</summary>
    public bool HasRunWell { get; private set; }

    /// <summary>Work runs from here on. A failure before this call is one of its start, which is never well however long it took.</summary>
    public void Started() => _started = _time.GetTimestamp();

    /// <summary>Work has got something done that its failure does not undo: that failure counts as the first. Safe from any thread.</summary>
    public void Progressed() => _progressed = true;

    /// <summary>Work has failed.</summary>
    /// <returns>How long to wait before it is started again.</returns>
    public TimeSpan Failed()
    {
        if (_progressed || (_started is { } started && _time.GetElapsedTime(started) >= _well))
        {
            _next = _first;
            Failures = 0;
            HasRunWell = true;
        }

        _started = null;
        _progressed = false;
        Failures++;
        var pause = _next;
        _next = pause * 2 < _longest ? pause * 2 : _longest;
        return pause;
    }
}
