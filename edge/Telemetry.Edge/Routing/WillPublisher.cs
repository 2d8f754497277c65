using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Routing;

/// <summary>Publishes wills: to subscribers, or, on an ingest topic (a Sparkplug death certificate), to the log.</summary>
internal sealed class WillPublisher(
    MessageRouter router, IIngest? ingest, IAuthorizer authorizer, TimerWheel wheel, EdgeMetrics metrics, ILogger logger)
{
    /// <summary>Wills that may wait for room in the log at once; one more is dropped and counted.</summary>
    private const int MaxWaiting = 10_000;

    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private int _waiting;
    private int _owed;
    private TaskCompletionSource? _settled;

    public void Publish(StoredWill will)
    {
        if (authorizer.MayPublish(will.Identity, will.Content.TopicName) == PublishRight.Denied)
        {
            // The rules of now count, not those of its CONNECT.
            metrics.Dropped(DropCause.NotAuthorized, 1);
            return;
        }

        if (ingest is null || !ingest.Accepts(will.Content.TopicName))
        {
            router.Route(will.ToMessage(wheel.Now));
            return;
        }

        lock (_gate)
        {
            if (_waiting >= MaxWaiting)
            {
                metrics.Dropped(DropCause.IngestFailed, 1);
                logger.WillNotStored(will.Identity.ClientId, "too many wills wait for the log");
                return;
            }

            _owed++;
            Interlocked.Increment(ref _waiting);
            _last = IngestAfterAsync(_last, ingest, will);
        }
    }

    /// <summary>Completes when the log has answered every will, or with the token.</summary>
    public Task WhenDoneAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_owed == 0)
            {
                return Task.CompletedTask;
            }

            _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _settled.Task.WaitAsync(cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private void Settle()
    {
        lock (_gate)
        {
            if (--_owed == 0)
            {
                _settled?.TrySetResult();
                _settled = null;
            }
        }
    }

    private async Task IngestAfterAsync(Task previous, IIngest log, StoredWill will)
    {
        await previous;
        await Task.Yield();
        try
        {
            while (!TryIngest(log, will))
            {
                await log.WaitForCapacityAsync(CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            metrics.Dropped(DropCause.IngestFailed, 1);
            logger.WillNotStored(will.Identity.ClientId, exception.Message);
            Settle();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private bool TryIngest(IIngest log, StoredWill will)
    {
        var publish = new IngestPublish
        {
            TopicName = will.Content.TopicName,
            Payload = will.Content.Payload,
            ClientId = will.Identity.ClientId,
            UserName = will.Identity.UserName,
            CertificateName = will.Identity.CertificateName,
            SpeaksForOthers = authorizer.MayPublish(will.Identity, will.Content.TopicName) == PublishRight.AllowedByName,
            Qos = will.Qos,
        };
        return log.TryIngest(publish, new Answer(this, will, metrics, logger), 0);
    }

    private sealed class Answer(WillPublisher owner, StoredWill will, EdgeMetrics metrics, ILogger logger) : IIngestCompletion
    {
        public void Ingested(in IngestResult result, ulong state)
        {
            metrics.Ingested(result.Outcome);
            if (result.Outcome != IngestOutcome.Stored)
            {
                metrics.Dropped(DropCause.IngestFailed, result.Outcome == IngestOutcome.Failed ? 1 : 0);
                logger.WillNotStored(will.Identity.ClientId, result.Outcome);
            }

            owner.Settle();
        }
    }
}
