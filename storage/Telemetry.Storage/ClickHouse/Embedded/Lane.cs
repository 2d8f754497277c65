namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// A connection and the one thread that calls it. The engine's calls block and want a large stack, so they stay off the
/// thread pool. One call at a time: whoever rented the lane from its <see cref="LanePool"/> awaits each call.
/// </summary>
internal sealed class Lane : IAsyncDisposable
{
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _call;

    public Lane(string name, ChdbConnection connection)
    {
        Connection = connection;
        new Thread(Run, 16 << 20) { IsBackground = true, Name = name }.Start();
    }

    public ChdbConnection Connection { get; private set; }

    public MemoryFile? File { get; set; }

    public Task<T> InvokeAsync<T>(Func<Lane, T> function)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _call = () =>
        {
            try
            {
                result.SetResult(function(this));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        };
        _work.Release();
        return result.Task;
    }

    /// <summary>Puts another connection in place; called on the lane's thread.</summary>
    public void Reconnect(ChdbConnection connection)
    {
        Connection.Close();
        Connection = connection;
    }

    /// <summary>Closes the connection and ends the thread; no call may follow.</summary>
    public async ValueTask DisposeAsync()
    {
        _call = null;
        _work.Release();
        await _ended.Task;
        _work.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _work.Wait();
            if (_call is not { } call)
            {
                break;
            }

            call();
        }

        File?.Dispose();
        Connection.Close();
        _ended.SetResult();
    }
}
