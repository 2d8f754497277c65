namespace Telemetry.Tests.Streams;

/// <summary>
/// Runs two actions at the same moment, one on a thread of its own: both are running when they start, so they begin within
/// a few nanoseconds of each other, less the lead that is given. Windows of tens of nanoseconds are hit in a few hundred tries.
/// </summary>
internal sealed class StartingLine : IDisposable
{
    private readonly SemaphoreSlim _job = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _other;
    private Exception? _failure;
    private int _lead;
    private int _ready;
    private int _go;

    public StartingLine()
    {
        _thread = new Thread(Work) { IsBackground = true, Name = "starting line" };
        _thread.Start();
    }

    /// <param name="one">Runs here.</param>
    /// <param name="other">Runs on the other thread.</param>
    /// <param name="lead">Steps of some nanoseconds that the other side waits; this one when it is negative.</param>
    public void Run(Action one, Action other, int lead)
    {
        (_other, _lead, _failure) = (other, lead, null);
        Volatile.Write(ref _ready, 0);
        Volatile.Write(ref _go, 0);
        _job.Release();
        var spin = default(SpinWait);
        while (Volatile.Read(ref _ready) == 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        Volatile.Write(ref _go, 1);
        Wait(-lead);
        try
        {
            one();
        }
        finally
        {
            _done.Wait();
        }

        if (_failure is not null)
        {
            throw new InvalidOperationException("The other side failed.", _failure);
        }
    }

    public void Dispose()
    {
        _other = null;
        _job.Release();
        _thread.Join();
        _job.Dispose();
        _done.Dispose();
    }

    private static void Wait(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Interlocked.MemoryBarrier();
        }
    }

    private void Work()
    {
        while (true)
        {
            _job.Wait();
            if (_other is not { } other)
            {
                return;
            }

            Volatile.Write(ref _ready, 1);
            while (Volatile.Read(ref _go) == 0)
            {
                continue;
            }

            Wait(_lead);
            try
            {
                other();
            }
            catch (Exception error)
            {
                _failure = error;
            }

            _done.Release();
        }
    }
}
