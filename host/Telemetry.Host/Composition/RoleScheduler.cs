using System.Collections.Concurrent;

namespace Telemetry.Host.Composition;

/// <summary>
/// Runs a role's asynchronous loops on a few threads of its own, named after the role: a role that is busy cannot starve
/// another one's thread pool, and <c>/proc</c> shows what each role costs. Continuations stay here because awaits resume on
/// <see cref="TaskScheduler.Current"/>.
/// </summary>
internal sealed class RoleScheduler : TaskScheduler, IDisposable
{
    /// <summary>Continuations waiting at once; a role has a handful of loops, so reaching this is a bug.</summary>
    private const int QueueMax = 1 << 20;

    private readonly BlockingCollection<Task> _tasks = new(new ConcurrentQueue<Task>(), QueueMax);
    private readonly Thread[] _threads;

    public RoleScheduler(string name, int threads)
    {
        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Run) { Name = name, IsBackground = true };
            _threads[i].Start();
        }
    }

    public override int MaximumConcurrencyLevel => _threads.Length;

    /// <summary>Starts asynchronous work on the role's threads.</summary>
    public Task RunAsync(Func<Task> work, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public void Dispose() => _tasks.CompleteAdding();

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks.ToArray();

    protected override void QueueTask(Task task)
    {
        if (!_tasks.TryAdd(task))
        {
            throw new InvalidOperationException("A role has more work waiting than it can ever do.");
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    private void Run()
    {
        foreach (var task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
