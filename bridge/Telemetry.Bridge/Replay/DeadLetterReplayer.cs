using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Ingest;
using Telemetry.Contracts;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge.Replay;

/// <summary>What became of a letter.</summary>
public enum ReplayOutcome
{
    /// <summary>Its readings are on the log and the letter is resolved.</summary>
    Replayed,

    /// <summary>It would be: nothing was written.</summary>
    WouldReplay,

    /// <summary>It was resolved before; nothing was done.</summary>
    Resolved,

    /// <summary>It is refused for the reason given; the letter stays as it is.</summary>
    Refused,
}

/// <summary>Outcome and a sentence.</summary>
public readonly record struct ReplayResult(ReplayOutcome Outcome, string Detail);

/// <summary>
/// Sends dead letters through the bridge again, by today's rules. The readings and the letter's resolution are one transaction: a
/// letter is replayed once whatever dies when. Readings keep their event ids, so one that is stored already is not counted again.
/// </summary>
public sealed class DeadLetterReplayer : IAsyncDisposable
{
    /// <summary>A second replay on the same log fences this one.</summary>
    private const string TransactionalId = "telemetry-dead-letters-replay";

    private readonly ITransactionalProducer _producer;
    private readonly BridgeOptions _options;
    private readonly TimeProvider _time;
    private readonly ReadingIngest _ingest;

    private DeadLetterReplayer(ITransactionalProducer producer, BridgeOptions options, TimeProvider time, ILoggerFactory logging)
    {
        _producer = producer;

        // Who may speak for a device was judged when it was published; now an operator speaks.
        _options = options with { RequireCertificate = false, RequireUserName = false, UserNameNamesDevice = false };
        _time = time;
        _ingest = new ReadingIngest(_options, producer, time, logging.CreateLogger<ReadingIngest>());
    }

    public static async Task<DeadLetterReplayer> OpenAsync(
        IRecordLog log, BridgeOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken) => new(
        await log.OpenTransactionalProducerAsync(TransactionalId, new ProducerOptions(), cancellationToken), options, time, logging);

    /// <param name="entry">The letter.</param>
    /// <param name="how">With which repairs.</param>
    /// <param name="dryRun">True: only judge.</param>
    /// <param name="cancellationToken">Aborts.</param>
    /// <exception cref="RecordLogException">The log failed; the letter is as it was.</exception>
    public async Task<ReplayResult> ReplayAsync(
        DeadLetterEntry entry, ReplayOptions how, bool dryRun, CancellationToken cancellationToken)
    {
        if (entry.Resolution is { } done)
        {
            return new(ReplayOutcome.Resolved, done);
        }

        var plan = ReplayPlan.Of(entry, how, _options, _time.GetUtcNow());
        if (plan.Problem is { } problem)
        {
            return new(ReplayOutcome.Refused, problem);
        }

        _producer.BeginTransaction();
        try
        {
            if (await IngestAsync(entry, plan, cancellationToken) is { } refusal)
            {
                await _producer.AbortTransactionAsync(cancellationToken);
                return new(ReplayOutcome.Refused, refusal);
            }

            if (dryRun)
            {
                await _producer.AbortTransactionAsync(cancellationToken);
                return new(ReplayOutcome.WouldReplay, "It would be taken.");
            }

            var detail = string.Create(
                CultureInfo.InvariantCulture,
                $"Replayed{(how.Payload is null ? "" : " with another payload")}{(how.Fix ? " with repairs" : "")} as {plan.Payloads.Count} record(s) of {LogTopics.Readings}.");
            await ResolveAsync(entry, detail, cancellationToken);
            await _producer.CommitTransactionAsync(cancellationToken);
            return new(ReplayOutcome.Replayed, detail);
        }
        catch (OperationCanceledException)
        {
            await _producer.AbortTransactionAsync(CancellationToken.None);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    /// <summary>Null when everything was taken.</summary>
    private async Task<string?> IngestAsync(DeadLetterEntry entry, ReplayPlan plan, CancellationToken cancellationToken)
    {
        var topic = Encoding.UTF8.GetBytes(plan.Topic);
        foreach (var payload in plan.Payloads)
        {
            var answer = new Answer();
            while (!TryIngest(entry, topic, payload, answer))
            {
                await _ingest.WaitForCapacityAsync(cancellationToken);
            }

            await _producer.FlushAsync(cancellationToken);
            var result = await answer.Task.WaitAsync(cancellationToken);
            if (result.Outcome != IngestOutcome.Stored || result.Reason is not null)
            {
                return result.Reason ?? "The log did not take it.";
            }
        }

        return null;
    }

    private bool TryIngest(DeadLetterEntry entry, byte[] topic, ReadOnlyMemory<byte> payload, Answer answer) => _ingest.TryIngest(
        new IngestPublish { TopicName = topic, Payload = payload.Span, ClientId = entry.Letter.ClientId, Qos = 1 }, answer, 0);

    private async Task ResolveAsync(DeadLetterEntry entry, string detail, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var value = DeadLetterResolution.Write(entry.Id, detail, now.ToUnixTimeMilliseconds() * 1000, _options.DeadLetterSchemaId);
        while (!TryResolve(entry, value, now))
        {
            await _producer.WaitForCapacityAsync(cancellationToken);
        }
    }

    private bool TryResolve(DeadLetterEntry entry, byte[] value, DateTimeOffset now) => _producer.TryAppend(
        new NewRecord
        {
            Topic = LogTopics.DeadLetters,
            Partition = entry.Id.Partition,
            Key = entry.Key.Span,
            Value = value,
            TimestampMs = now.ToUnixTimeMilliseconds(),
        },
        null,
        0);

    private sealed class Answer : IIngestCompletion
    {
        private readonly TaskCompletionSource<IngestResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<IngestResult> Task => _done.Task;

        public void Ingested(in IngestResult result, ulong state) => _done.TrySetResult(result);
    }
}
