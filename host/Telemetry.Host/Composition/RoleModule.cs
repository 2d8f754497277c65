using System.Net;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Health;

namespace Telemetry.Host.Composition;

/// <summary>
/// A part of the platform that starts and stops like every other. The constructor makes the parts without I/O; the platform
/// starts its modules in the order of its list and stops them in the reverse order, each with what is left of one deadline.
/// </summary>
/// <param name="name">For messages.</param>
internal abstract class RoleModule(string name) : IAsyncDisposable
{
    private RoleScheduler? _scheduler;

    /// <summary>For messages.</summary>
    public string Name { get; } = name;

    /// <summary>Faults when the module cannot go on and the process has to be started again. Asked after the start.</summary>
    public virtual Task Completion => Task.CompletedTask;

    /// <summary>Why the module is not ready to serve; empty when it is. Asked only after the start.</summary>
    public virtual IEnumerable<string> NotReady => [];

    /// <summary>What an operator should know although the module is ready; usually nothing.</summary>
    public virtual IEnumerable<string> Notes => [];

    /// <summary>Where the module listens; null when it does not.</summary>
    public virtual IPEndPoint? Address => null;

    /// <summary>Device clock to queryable row since the start, where it is measured.</summary>
    public virtual LatencyHistogram? EndToEnd => null;

    /// <summary>Adds what the module's HTTP endpoints need.</summary>
    public virtual void AddServices(IServiceCollection services)
    {
    }

    /// <summary>Adds the module's HTTP endpoints. They are served before <see cref="StartAsync"/>.</summary>
    public virtual void Map(WebApplication application)
    {
    }

    /// <summary>Starts. Log, topics and store are there by then.</summary>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Waits until what is on the log now has been taken, finished and committed. Intake has ended before.</summary>
    public virtual Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Takes nothing more, finishes and commits what was taken. Also called when the start failed.</summary>
    /// <param name="cancellationToken">The deadline: what is not done by then is done again after the next start.</param>
    public abstract Task StopAsync(CancellationToken cancellationToken);

    /// <summary>How far behind the log the module's groups are.</summary>
    public virtual ValueTask<IReadOnlyList<PipelineLag>> QueryLagAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<PipelineLag>>([]);

    /// <summary>Gives everything back; after <see cref="StopAsync"/>.</summary>
    public virtual ValueTask DisposeAsync()
    {
        _scheduler?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Starts work on two threads named after the role: its loops stay there, and its CPU time can be told apart.</summary>
    protected Task RunOnOwnThreadsAsync(Func<Task> start)
    {
        const int threads = 2;
        _scheduler ??= new RoleScheduler($"role-{Name}", threads);
        return _scheduler.RunAsync(start);
    }
}
