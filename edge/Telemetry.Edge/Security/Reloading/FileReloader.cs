using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Auditing;

namespace Telemetry.Edge.Security.Reloading;

/// <summary>
/// Reads files again when they change: told by the file system where it tells, and by looking every so often where it does not. A file that cannot be
/// used changes nothing, and is told in a log line and a metric.
/// </summary>
internal sealed class FileReloader : IAsyncDisposable
{
    /// <summary>A changed file must stand still for so long.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(200);

    private readonly ReloadablePart[] _parts;
    private readonly TimeSpan _interval;
    private readonly Action _reloaded;
    private readonly SecurityMetrics _metrics;
    private readonly AuditLog _audit;
    private readonly ILogger _logger;
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly SemaphoreSlim _look = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private volatile bool _all;

    /// <param name="parts">What to read again.</param>
    /// <param name="interval">Between two looks; zero for none, only <see cref="ReloadAll"/>.</param>
    /// <param name="reloaded">Called after something new is in force.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="audit">Remembers.</param>
    /// <param name="logger">Tells.</param>
    public FileReloader(IEnumerable<ReloadablePart> parts, TimeSpan interval, Action reloaded, SecurityMetrics metrics, AuditLog audit, ILogger logger)
    {
        _parts = [.. parts.Where(p => p.Files.Count > 0)];
        (_interval, _reloaded, _metrics, _audit, _logger) = (interval, reloaded, metrics, audit, logger);
        metrics.Gauge(
            "telemetry.edge.reloads.stale", "{part}", "Parts of the settings whose files cannot be used, so that older ones are in force",
            () => _parts.Count(p => p.HasFailed));
        foreach (var part in _parts)
        {
            part.MarkLoaded();
        }

        if (interval > TimeSpan.Zero)
        {
            Watch();
        }

        _running = RunAsync();
    }

    /// <summary>Reads everything, changed or not.</summary>
    public void ReloadAll()
    {
        _all = true;
        Look();
    }

    public async ValueTask DisposeAsync()
    {
        _watchers.ForEach(w => w.Dispose());
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _look.Dispose();
    }

    private void Watch()
    {
        foreach (var folder in _parts.SelectMany(p => p.Files).Select(f => Path.GetDirectoryName(Path.GetFullPath(f))!).Distinct())
        {
            try
            {
                var watcher = new FileSystemWatcher(folder);
                watcher.Changed += (_, _) => Look();
                watcher.Created += (_, _) => Look();
                watcher.Renamed += (_, _) => Look();
                watcher.EnableRaisingEvents = true;
                _watchers.Add(watcher);
            }
            catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
            {
                // No watches left, or a file system without them: the interval does it.
                _logger.NotWatched(folder, exception.Message, _interval);
            }
        }
    }

    private void Look()
    {
        try
        {
            _look.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It looks already, or has ended.
            return;
        }
    }

    private async Task RunAsync()
    {
        var settling = false;
        while (!_stop.IsCancellationRequested)
        {
            var wait = settling ? SettleTime : _interval > TimeSpan.Zero ? _interval : Timeout.InfiniteTimeSpan;
            try
            {
                await _look.WaitAsync(wait, _stop.Token);
                settling = Check();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>True when a file changed just now: look again soon.</returns>
    private bool Check()
    {
        var all = _all;
        _all = false;
        var settling = false;
        var any = false;
        foreach (var part in _parts)
        {
            var changed = part.HasChanged(SettleTime, out var isSettling);
            settling |= isSettling && !all;
            any |= (changed || all) && TryLoad(part);
        }

        if (any)
        {
            _reloaded();
        }

        return settling;
    }

    private bool TryLoad(ReloadablePart part)
    {
        try
        {
            part.Load();
            _metrics.Count(ReloadResult.Loaded);
            _logger.Reloaded(part.Name, string.Join(", ", part.Files));
            _audit.Reloaded(part.Name, isInForce: true, string.Join(", ", part.Files));
            return true;
        }
        catch (Exception exception)
        {
            // Whatever is wrong with the new file, the old one goes on.
            _metrics.Count(ReloadResult.Failed);
            _logger.NotReloaded(part.Name, exception.Message);
            _audit.Reloaded(part.Name, isInForce: false, exception.Message);
            return false;
        }
    }
}
