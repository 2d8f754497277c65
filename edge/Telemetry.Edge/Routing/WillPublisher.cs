using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Routing;

/// <summary>Publishes wills: to subscribers, or, on an ingest topic (a Sparkplug death certificate), to the log.</summary>
internal sealed class WillPublisher(
    MessageRouter router, IIngest? ingest, IAuthorizer authorizer, TimerWheel wheel, EdgeMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>Wills that may wait for room in the log at once; one more is dropped and counted.</summary>
    private const int MaxWaiting = 10_000;

    private readonly Lock _gate = new();
    private readonly LogThrottle _notStored = new(time);
    private Task _last = Task.CompletedTask;
    private int _waiting;
    private int _owed;
    private TaskCompletionSource? _settled;

    /// <param name="will">What to publish.</param>
    /// <param name="done">Called when the will is durable where it has to be, or lost for good.</param>
    public void Publish(StoredWill will, Action? done = null)
    {
        if (authorizer.MayPublish(will.Identity, will.Content.TopicName) == PublishRight.Denied)
        {
            // The rules of now count, not those of its CONNECT.
            metrics.Dropped(DropCause.NotAuthorized, 1);
            done?.Invoke();
            return;
        }

        if (ingest is null || !ingest.Accepts(will.Content.TopicName))
        {
            var routing = router.RouteAsync(will.ToMessage(wheel.Now));
            if (routing.IsCompletedSuccessfully)
            {
                done?.Invoke();
                return;
            }

            Owe();
            _ = FinishAsync(routing.AsTask(), will, done);
            return;
        }

        lock (_gate)
        {
            if (_waiting >= MaxWaiting)
            {
                metrics.Dropped(DropCause.IngestFailed, 1);
                TellNotStored(will, "too many wills wait for the log");
                done?.Invoke();
                return;
            }

            _owed++;
            Interlocked.Increment(ref _waiting);
            _last = IngestAfterAsync(_last, ingest, will, done);
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

    /// <summary>To subscribers of the ingest topic, when the log has it; nothing there is retained.</summary>
    private void Deliver(StoredWill will)
    {
        var expiresAt = Message.ExpiryTime(wheel.Now, will.ExpirySeconds);
        router.RouteHere(new Message(will.Content, will.Qos, retain: false, expiresAt));
    }

    /// <summary>Devices with a will that the log does not take leave one with every connection they lose.</summary>
    private void TellNotStored(StoredWill will, object outcome)
    {
        if (_notStored.TryPass(out var heldBack))
        {
            logger.WillNotStored(will.Identity.ClientId, outcome, heldBack);
        }
    }

    private void Owe()
    {
        lock (_gate)
        {
            _owed++;
        }
    }

    private async Task FinishAsync(Task routing, StoredWill will, Action? done)
    {
        try
        {
            await routing;
            done?.Invoke();
        }
        catch (Exception error)
        {
            // What is written of the session still has the will: the next start publishes it.
            logger.WillLost(will.Identity.ClientId, error.Message);
        }

        Settle();
    }

    private void Settle(Action? done = null)
    {
        done?.Invoke();
        lock (_gate)
        {
            if (--_owed == 0)
            {
                _settled?.TrySetResult();
                _settled = null;
            }
        }
    }

    private async Task IngestAfterAsync(Task previous, IIngest log, StoredWill will, Action? done)
    {
        await previous;
        await Task.Yield();
        try
        {
            while (!TryIngest(log, will, done))
            {
                await log.WaitForCapacityAsync(CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            metrics.Dropped(DropCause.IngestFailed, 1);
            TellNotStored(will, exception.Message);
            Settle(done);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private bool TryIngest(IIngest log, StoredWill will, Action? done)
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
        return log.TryIngest(publish, new Answer(this, will, done, metrics), 0);
    }

    private sealed class Answer(WillPublisher owner, StoredWill will, Action? done, EdgeMetrics metrics) : IIngestCompletion
    {
        public void Ingested(in IngestResult result, ulong state)
        {
            metrics.Ingested(result.Outcome);
            if (result.Outcome == IngestOutcome.Stored)
            {
                owner.Deliver(will);
            }
            else
            {
                metrics.Dropped(DropCause.IngestFailed, result.Outcome == IngestOutcome.Failed ? 1 : 0);
                owner.TellNotStored(will, result.Outcome);
            }

            owner.Settle(result.Outcome == IngestOutcome.Failed ? null : done);
        }
    }
}
