using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Telemetry.Edge.Sockets;

/// <summary>
/// The sockets that this process may hold for clients, over all its listeners: what its limit of open files leaves after a reserve
/// for the log, the store and everything else. A process that has no file left cannot write its log any more, and runtime and
/// engine may abort; so a socket is taken from the budget when it is accepted, before anything is done for it, and one more
/// than there are is closed at once.
/// </summary>
/// <remarks>
/// Each kind of listener has a <see cref="SocketShare"/> that leaves some for the others: a flood on one does not close the
/// others' doors. Counted on the meter "Telemetry.Sockets".
/// </remarks>
public sealed class SocketBudget : IDisposable
{
    /// <summary>Least files kept for log, store and the rest, beside those that are open at the start.</summary>
    private const int ReserveMin = 256;

    /// <summary>Most files kept: the engine's parts and the log's segments do not need more.</summary>
    private const int ReserveMax = 2_048;

    /// <summary>Sockets that one kind of listener leaves to the others at least.</summary>
    private const int LeftToOthers = 64;

    private readonly Meter _meter = new("Telemetry.Sockets");
    private readonly List<SocketShare> _shares = [];
    private int _open;

    /// <param name="limit">Sockets at once, 1 or more.</param>
    /// <param name="loggers">Logs under the category Telemetry.Sockets.</param>
    /// <param name="time">Clock for log lines that are held back, and for pauses.</param>
    public SocketBudget(int limit, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        Limit = limit;
        Logger = loggers.CreateLogger("Telemetry.Sockets");
        Time = time;
        _meter.CreateObservableGauge("telemetry.sockets.limit", () => Limit, "{socket}", "Sockets that clients may hold in this process");
        _meter.CreateObservableGauge("telemetry.sockets.open", () => Each(s => s.Open), "{socket}", "Sockets that clients hold, by listener");
        _meter.CreateObservableCounter("telemetry.sockets.refused", () => Each(s => s.Refused), "{socket}", "Sockets closed at once because no more fit, by listener");
    }

    /// <summary>Most sockets at once.</summary>
    public int Limit { get; }

    /// <summary>Sockets held now.</summary>
    public int Open => Volatile.Read(ref _open);

    internal ILogger Logger { get; }

    internal TimeProvider Time { get; }

    /// <summary>The budget of this process, from its limit of open files. To be made when log and store are open.</summary>
    /// <param name="reserved">Files kept for everything but clients; 0: as many as are open now and a quarter of the limit, 256 to 2,048.</param>
    /// <param name="loggers">As in the constructor.</param>
    /// <param name="time">As in the constructor.</param>
    public static SocketBudget OfProcess(int reserved, ILoggerFactory loggers, TimeProvider time)
    {
        var files = OpenFiles.Limit();
        return new SocketBudget(files is { } limit ? LimitOf(limit, OpenFiles.Count(), reserved) : int.MaxValue, loggers, time);
    }

    /// <summary>What is left for sockets; never less than a quarter of the files, so that a tiny limit still serves someone.</summary>
    /// <param name="files">Limit of open files.</param>
    /// <param name="open">Files open already.</param>
    /// <param name="reserved">As in <see cref="OfProcess"/>.</param>
    internal static int LimitOf(long files, int open, int reserved)
    {
        var reserve = reserved > 0 ? reserved : open + Math.Clamp(files / 4, ReserveMin, ReserveMax);
        return (int)Math.Min(Math.Max(files - reserve, Math.Max(1, files / 4)), int.MaxValue);
    }

    /// <summary>A share for one kind of listener: all but a few.</summary>
    /// <param name="listener">Label of the metrics and name in the log, for example <c>mqtt</c>.</param>
    public SocketShare Share(string listener) => Share(listener, Limit - Math.Min(LeftToOthers, Limit / 8));

    /// <summary>A share of its own size.</summary>
    /// <param name="listener">As in <see cref="Share(string)"/>.</param>
    /// <param name="most">Most sockets of these listeners.</param>
    public SocketShare Share(string listener, int most)
    {
        var share = new SocketShare(this, listener, Math.Clamp(most, 1, Limit));
        lock (_shares)
        {
            _shares.Add(share);
        }

        return share;
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal bool TryTake()
    {
        if (Interlocked.Increment(ref _open) <= Limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    internal void Return() => Interlocked.Decrement(ref _open);

    private IEnumerable<Measurement<long>> Each(Func<SocketShare, long> value)
    {
        SocketShare[] shares;
        lock (_shares)
        {
            shares = [.. _shares];
        }

        return shares.Select(s => new Measurement<long>(value(s), KeyValuePair.Create("listener", (object?)s.Listener)));
    }
}
