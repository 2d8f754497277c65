namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// Kills a statement when its token fires, and again until it has ended: the first kill may come before the engine has
/// the statement in its list. Disposing waits until no kill is under way.
/// </summary>
internal sealed class QueryKiller : IAsyncDisposable
{
    private readonly Func<string, Task> _kill;
    private readonly string _tag;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _gate = new();
    private Task? _loop;

    public QueryKiller(Func<string, Task> kill, string tag, CancellationToken cancellationToken)
    {
        _kill = kill;
        _tag = tag;
        _registration = cancellationToken.CanBeCanceled ? cancellationToken.Register(Start) : default;
    }

    public void Start()
    {
        lock (_gate)
        {
            if (!_ended.IsCancellationRequested)
            {
                _loop ??= Task.Run(LoopAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _registration.DisposeAsync();
        Task? loop;
        lock (_gate)
        {
            _ended.Cancel();
            loop = _loop;
        }

        if (loop is not null)
        {
            await loop;
        }

        _ended.Dispose();
    }

    private async Task LoopAsync()
    {
        var wait = TimeSpan.FromMilliseconds(5);
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                await _kill(_tag);
                await Task.Delay(wait, _ended.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ClickHouseException)
            {
                // The engine refused the kill itself (memory): the next turn tries again.
                wait = TimeSpan.FromMilliseconds(250);
            }

            wait = wait < TimeSpan.FromMilliseconds(250) ? wait * 2 : wait;
        }
    }
}
