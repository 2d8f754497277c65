using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Telemetry.Storage.Verification;

/// <summary>A part was damaged and has been detached: its rows have to be inserted again from the log.</summary>
internal sealed class DamagedPartException(string message) : Exception(message);

/// <summary>
/// Reads back, in the background, every part that has appeared since the last time: parts that INSERTs wrote first, then those of
/// merges. It never holds up the sink: whoever waits for it waits for a bounded time, and then goes on with the part unchecked. A part that
/// cannot be read for another reason than damage stays and is tried again, with growing pauses, and is told of.
/// </summary>
/// <remarks>
/// Going on is safe because a part found damaged later is inserted again from the oldest offset of the log on
/// (<see cref="BrokenPartsLedger"/>), and because <see cref="CheckedUntil"/>, kept with each checkpoint, says where the next process begins.
/// </remarks>
internal sealed class PartsScrubber : IAsyncDisposable
{
    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);

    private readonly PartsCheck _check;
    private readonly TimeSpan _interval;
    private readonly Action _damaged;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Waiter> _waiters = [];
    private readonly Dictionary<TablePart, Doubt> _doubts = [];
    private HashSet<TablePart> _checked = [];
    private TaskCompletionSource _wake = New();
    private Task _loop = Task.CompletedTask;
    private volatile string? _note;
    private volatile Exception? _failure;
    private long _checkedUntilMs;
    private int _notChecked;

    /// <param name="check">Looks at one part.</param>
    /// <param name="interval">How often new parts are looked for when nobody asks.</param>
    /// <param name="damaged">Told of each part found damaged.</param>
    /// <param name="logger">Told when parts cannot be checked, and when they can again.</param>
    /// <param name="time">Clock of pauses.</param>
    public PartsScrubber(PartsCheck check, TimeSpan interval, Action damaged, ILogger logger, TimeProvider time) =>
        (_check, _interval, _damaged, _logger, _time) = (check, interval, damaged, logger, time);

    /// <summary>Parts that could not be checked and are still there.</summary>
    public int NotChecked => Volatile.Read(ref _notChecked);

    /// <summary>For people: which parts could not be checked, and why. Null when there are none.</summary>
    public string? Note => _note;

    /// <summary>Set when a damaged part was detached: whoever writes its table has to recover.</summary>
    public Exception? Failure => _failure;

    /// <summary>Every part written before this moment has been read back. Null: not known yet.</summary>
    public DateTimeOffset? CheckedUntil =>
        Volatile.Read(ref _checkedUntilMs) is > 0 and var ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;

    /// <summary>Begins.</summary>
    /// <param name="checkedUntil">What a former process has checked; null: nothing is known.</param>
    public void Start(DateTimeOffset? checkedUntil) => _loop = Task.Factory.StartNew(
        () => RunAsync(checkedUntil, _stop.Token), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    /// <summary>Waits until the parts that are there now have been looked at, or the time is over; never fails.</summary>
    /// <param name="freshOnly">True: only those that INSERTs wrote.</param>
    /// <param name="wait">Longest wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask WaitAsync(bool freshOnly, TimeSpan wait, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(freshOnly, New());
        lock (_gate)
        {
            _waiters.Add(waiter);
            _wake.TrySetResult();
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(waiter.Done.Task, _loop, Task.Delay(wait, _time, deadline.Token));
        await deadline.CancelAsync();
        lock (_gate)
        {
            _waiters.Remove(waiter);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync(DateTimeOffset? checkedUntil, CancellationToken cancellationToken)
    {
        var trusted = checkedUntil is null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!trusted)
                {
                    // Two seconds: the engine keeps whole seconds.
                    var before = checkedUntil!.Value.AddSeconds(-2);
                    _checked = [.. (await _check.QueryActiveAsync(cancellationToken)).Where(p => p.Value < before).Select(p => p.Key)];
                    trusted = true;
                }

                await PassAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The store does not answer: nothing is known of any part. Those who wait go on by their own deadline.
                Log.PartsCheckFailed(_logger, _interval, e.Message);
                _note = $"parts cannot be checked: {e.Message}";
            }

            await PauseAsync(cancellationToken);
        }
    }

    /// <summary>Looks at what is new; begins anew when somebody asks meanwhile, so that fresh parts come first.</summary>
    private async ValueTask PassAsync(CancellationToken cancellationToken)
    {
        var again = true;
        while (again)
        {
            again = false;
            Waiter[] waiters;
            lock (_gate)
            {
                waiters = [.. _waiters];
                if (_wake.Task.IsCompleted)
                {
                    _wake = New();
                }
            }

            var listed = _time.GetUtcNow();
            var active = await _check.QueryActiveAsync(cancellationToken);
            _checked.IntersectWith(active.Keys);
            foreach (var gone in _doubts.Keys.Where(p => !active.ContainsKey(p)).ToList())
            {
                _doubts.Remove(gone);
            }

            var now = _time.GetTimestamp();
            var fresh = active.Keys.Where(p => !_checked.Contains(p) && !(_doubts.TryGetValue(p, out var doubt) && now < doubt.NextTry))
                .OrderByDescending(p => p.IsFresh).ToList();
            var told = false;
            foreach (var part in fresh)
            {
                if (!told && !part.IsFresh)
                {
                    Tell(waiters.Where(w => w.FreshOnly));
                    told = true;
                }

                if (IsAsked(waiters))
                {
                    again = true;
                    break;
                }

                await CheckAsync(part, cancellationToken);
            }

            if (!again)
            {
                Tell(waiters);
                if (_doubts.Count == 0)
                {
                    Volatile.Write(ref _checkedUntilMs, listed.ToUnixTimeMilliseconds());
                }
            }

            Publish();
        }
    }

    private bool IsAsked(Waiter[] known)
    {
        lock (_gate)
        {
            return _waiters.Exists(w => !known.Contains(w));
        }
    }

    private async ValueTask CheckAsync(TablePart part, CancellationToken cancellationToken)
    {
        var (verdict, detail) = await _check.CheckAsync(part, cancellationToken);
        switch (verdict)
        {
            case PartVerdict.Sound:
                _checked.Add(part);
                _doubts.Remove(part);
                break;
            case PartVerdict.Damaged:
                _doubts.Remove(part);
                _damaged();
                _failure = new DamagedPartException($"Part {part.Name} of {part.Table} was damaged and has been detached: {detail}");
                break;
            case PartVerdict.NotChecked:
                var tries = _doubts.GetValueOrDefault(part).Tries + 1;
                var pause = _interval * Math.Pow(2, Math.Min(tries - 1, 10));
                pause = pause < RetryMax ? pause : RetryMax;
                _doubts[part] = new Doubt(tries, _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency), detail);
                break;
            default:
                _doubts.Remove(part);
                break;
        }
    }

    private void Publish()
    {
        var before = Interlocked.Exchange(ref _notChecked, _doubts.Count);
        if (_doubts.Count == 0)
        {
            _note = null;
            if (before > 0)
            {
                Log.PartsChecked(_logger, before);
            }

            return;
        }

        var (part, doubt) = _doubts.First();
        _note = string.Create(
            CultureInfo.InvariantCulture,
            $"{_doubts.Count} parts could not be checked and are tried again, for example {part.Name} of {part.Table}: {doubt.Detail}");
        if (before == 0)
        {
            Log.PartsNotChecked(_logger, _doubts.Count, part.Name, part.Table, doubt.Detail);
        }
    }

    private static void Tell(IEnumerable<Waiter> waiters)
    {
        foreach (var waiter in waiters)
        {
            waiter.Done.TrySetResult();
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        Task wake;
        lock (_gate)
        {
            wake = _wake.Task;
        }

        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(wake, Task.Delay(_interval, _time, pause.Token));
        await pause.CancelAsync();
    }

    private sealed record Waiter(bool FreshOnly, TaskCompletionSource Done);

    private readonly record struct Doubt(int Tries, long NextTry, string Detail);
}
