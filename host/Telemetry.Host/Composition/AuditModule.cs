using System.Text;
using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>Puts this process' lines of the audit log onto the log, in their order: an administrator reads those of all processes at any of them.</summary>
internal sealed class AuditModule(PlatformServices services) : RoleModule("audit")
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(2);

    private readonly IRecordProducer _producer = services.Log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 });
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _key = Encoding.UTF8.GetBytes(InstanceName.Of(services.Options));
    private Task _loop = Task.CompletedTask;
    private byte[]? _inHand;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _loop = RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Last);
        try
        {
            // What was in hand may be there already: twice is better than not at all.
            for (var line = _inHand; line is not null || services.Logging.Audit.Reader.TryRead(out line); line = null)
            {
                await AppendAsync(line, limit.Token);
            }
        }
        catch (Exception error) when (error is RecordLogException or OperationCanceledException)
        {
            HostLog.AuditNotShared(services.Logger, error.Message);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _producer.DisposeAsync();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in services.Logging.Audit.Reader.ReadAllAsync(cancellationToken))
            {
                _inHand = line;
                await KeepAppendingAsync(line, cancellationToken);
                _inHand = null;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The rest is appended by the stop.
            return;
        }
    }

    private async Task KeepAppendingAsync(byte[] line, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await AppendAsync(line, cancellationToken);
                return;
            }
            catch (RecordLogException error)
            {
                HostLog.AuditNotShared(services.Logger, error.Message);
                await Task.Delay(Retry, services.Time, cancellationToken);
            }
        }
    }

    private Task AppendAsync(byte[] line, CancellationToken cancellationToken) =>
        _producer.AppendAsync(LogTopics.Audit, 0, _key, line, services.Time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
