using Telemetry.Contracts.Faults;
using Telemetry.Contracts.Readings;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// Processing that starts afresh where a cluster made it stop: its producer was fenced because a transaction took too long, or
/// a predecessor of the same name woke up. Everything is read again from what is committed. Over the journal, or after several
/// starts that brought no progress, it ends with the cause.
/// </summary>
internal sealed class ProcessingRole(
    IRecordLog log, ProcessingOptions options, bool restarts, ILoggerFactory logging, TimeProvider time, IReadingSchemas? schemas)
    : IAsyncDisposable
{
    private const int FailuresMax = 10;
    private static readonly TimeSpan Well = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = logging.CreateLogger<ProcessingRole>();
    private readonly CancellationTokenSource _stop = new();
    private volatile ReadingProcessor? _processor;
    private volatile string? _problem;
    private Task _loop = Task.CompletedTask;

    /// <summary>Ends with <see cref="StopAsync"/>; faulted when processing cannot go on in this process.</summary>
    public Task Completion => _loop;

    /// <summary>Why it does not get on; null when it does.</summary>
    public string? NotReadyReason => _problem ?? _processor?.NotReadyReason;

    /// <summary>Joins the group and begins.</summary>
    /// <exception cref="RecordLogException">The log or a topic is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var first = await StartOneAsync(cancellationToken);
        _loop = Task.Factory.StartNew(
            () => KeepRunningAsync(first), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
    }

    /// <summary>Finishes what was taken, commits, leaves the group.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        if (_processor is { } processor)
        {
            await processor.StopAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_processor is { } processor)
        {
            await processor.DisposeAsync();
        }

        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<ReadingProcessor> StartOneAsync(CancellationToken cancellationToken)
    {
        var processor = new ReadingProcessor(log, options, logging, time, schemas);
        try
        {
            await processor.StartAsync(cancellationToken);
        }
        catch
        {
            await processor.DisposeAsync();
            throw;
        }

        _processor = processor;
        _problem = null;
        return processor;
    }

    private async Task KeepRunningAsync(ReadingProcessor? processor)
    {
        var pause = new RestartPause(options.RetryDelay, options.RetryDelayMax, Well, time);
        while (!_stop.IsCancellationRequested)
        {
            pause.Started();
            try
            {
                processor ??= await StartOneAsync(_stop.Token);
                await processor.Completion;
                return;
            }
            catch (RecordLogException fault) when (restarts && !log.Failed.IsCompleted && !_stop.IsCancellationRequested)
            {
                var delay = pause.Failed();
                if (pause.Failures > FailuresMax || Fault.EndsProcess(fault, ranBefore: pause.HasRunWell))
                {
                    throw;
                }

                _problem = fault.Message;
                HostLog.ProcessingRestarts(_logger, fault, delay.TotalSeconds);
                if (processor is not null)
                {
                    await processor.DisposeAsync();
                    processor = null;
                }

                await Task.Delay(delay, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
