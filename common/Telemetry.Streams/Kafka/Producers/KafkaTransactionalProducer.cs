using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Consumers;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Producers;

/// <summary>What a transactional producer is doing.</summary>
internal enum KafkaTransactionPhase
{
    /// <summary>Between transactions.</summary>
    Ready,

    Open,

    /// <summary>Another producer has the id, or the coordinator gave the transaction up.</summary>
    Fenced,

    /// <summary>The client cannot go on; opening the id again can.</summary>
    Failed,

    Closed,
}

/// <summary>
/// Kafka's transactions. Blocking calls run on threads of their own; what Kafka calls retriable is retried here, what needs
/// an abort is a transient error, and what is fatal means that another producer took over.
/// </summary>
internal sealed class KafkaTransactionalProducer : KafkaProducer, ITransactionalProducer
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than Kafka takes to elect a new leader after a broker died, which is 9 s by default (broker.session.timeout.ms).</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(5);

    private readonly string _transactionalId;
    private volatile KafkaTransactionPhase _phase;
    private volatile bool _needsAbort;
    private volatile bool _isStuck;

    private KafkaTransactionalProducer(KafkaContext log, string transactionalId, ProducerOptions options)
        : base(log, KafkaClientConfig.TransactionalProducer(log.Options, options, transactionalId), options) =>
        _transactionalId = transactionalId;

    /// <summary>Takes the id over: waits until what its former owner had open is ended.</summary>
    public static async Task<KafkaTransactionalProducer> OpenAsync(
        KafkaContext log, string transactionalId, ProducerOptions options, CancellationToken cancellationToken)
    {
        var producer = new KafkaTransactionalProducer(log, transactionalId, options);
        try
        {
            await producer.RunAsync("open", producer.Client.InitTransactions, log.Options.OpenTimeout, cancellationToken);
            return producer;
        }
        catch (Exception)
        {
            await producer.CloseAsync();
            throw;
        }
    }

    public void BeginTransaction()
    {
        Kafka.ThrowIfUnusable();
        Demand(KafkaTransactionPhase.Ready);
        try
        {
            Client.BeginTransaction();
        }
        catch (KafkaException error)
        {
            throw Failure("begin", Describe(error));
        }

        _needsAbort = false;
        _phase = KafkaTransactionPhase.Open;
    }

    public override bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        Demand(KafkaTransactionPhase.Open);
        return base.TryAppend(record, completion, state);
    }

    public async ValueTask SendOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        var member = consumer as KafkaConsumer
            ?? throw new ArgumentException("The consumer belongs to another log.", nameof(consumer));
        Demand(KafkaTransactionPhase.Open);
        if (offsets.Count == 0)
        {
            return;
        }

        var copy = new Dictionary<TopicPartition, CommittedOffset>(offsets);
        await RunAsync(
            "send offsets to",
            timeout =>
            {
                // Asked anew in each try: a rebalance may have moved the member on.
                member.DemandAssigned(copy.Keys);
                return NativeCalls.SendOffsets(Client, copy, member.Client, timeout);
            },
            Kafka.Options.TransactionTimeout,
            cancellationToken);
    }

    public async ValueTask CommitTransactionAsync(CancellationToken cancellationToken)
    {
        Demand(KafkaTransactionPhase.Open);

        // Until the coordinator has said which, it may be committed or not; after that long the caller opens the id again and asks.
        await RunAsync("commit", Client.CommitTransaction, Kafka.Options.TransactionTimeout + Kafka.Options.OpenTimeout, cancellationToken);
        _phase = KafkaTransactionPhase.Ready;
    }

    public async ValueTask AbortTransactionAsync(CancellationToken cancellationToken)
    {
        Demand(KafkaTransactionPhase.Open);
        if (!_needsAbort)
        {
            await SettleAsync(SettleTimeout, cancellationToken);
        }

        await RunAsync("abort", Client.AbortTransaction, Kafka.Options.OpenTimeout, cancellationToken);
        _phase = KafkaTransactionPhase.Ready;
    }

    /// <summary>
    /// Waits a while for what was appended: an abort that overtakes a partition's first record meets a coordinator that
    /// knows of no transaction, which librdkafka takes for fatal (INVALID_TXN_STATE).
    /// </summary>
    private async Task SettleAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken).AsTask().WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            // No broker takes them; the abort throws them away.
            return;
        }
    }

    /// <summary>An open transaction is aborted, so that readers need not wait for its timeout.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_phase == KafkaTransactionPhase.Open)
        {
            try
            {
                if (!_needsAbort)
                {
                    await SettleAsync(DisposeTimeout, default);
                }

                await RunAsync("abort", Client.AbortTransaction, DisposeTimeout, default);
            }
            catch (RecordLogException error)
            {
                // The coordinator aborts it after the transaction timeout.
                Kafka.Logger.AbortFailed(_transactionalId, error);
                if (!_isStuck)
                {
                    await PurgeAsync();
                }
            }
        }

        _phase = KafkaTransactionPhase.Closed;
        if (_isStuck)
        {
            await CloseAsync();
            return;
        }

        await base.DisposeAsync();
    }

    /// <summary>Fatal for this producer only: the call that meets it says so.</summary>
    protected override void Failed(Error error) => Kafka.Logger.ClientError(error.Code, error.Reason);

    private Task RunAsync(string what, Action<TimeSpan> call, TimeSpan bound, CancellationToken cancellationToken) => RunAsync(
        what,
        timeout =>
        {
            try
            {
                call(timeout);
                return null;
            }
            catch (KafkaException error)
            {
                return Describe(error);
            }
        },
        bound,
        cancellationToken);

    private async Task RunAsync(
        string what, Func<TimeSpan, TransactionError?> call, TimeSpan bound, CancellationToken cancellationToken)
    {
        var started = Kafka.Time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var blocking = BlockingCall.RunAsync(() => call(Kafka.Options.RequestTimeout));
            if (!await BlockingCall.ReturnsAsync(blocking, Kafka.Options.RequestTimeout * 2, Kafka.Time))
            {
                throw Stuck(what);
            }

            if (await blocking is not { } error)
            {
                return;
            }

            var isOver = bound != Timeout.InfiniteTimeSpan && Kafka.Time.GetElapsedTime(started) >= bound;
            if (!error.IsRetriable || error.IsFatal || error.RequiresAbort || isOver)
            {
                throw Failure(what, error);
            }

            await Task.Delay(RetryDelay, Kafka.Time, cancellationToken);
        }
    }

    /// <summary>The client forgot the call. Opening the id again, with another client, ends the transaction and tells its fate.</summary>
    private RecordLogException Stuck(string what)
    {
        _isStuck = true;
        _phase = KafkaTransactionPhase.Failed;
        Kafka.Metrics.TransactionFailed(RecordLogError.Unavailable);
        Kafka.Logger.CallForgotten(_transactionalId, what);
        return new RecordLogException(
            RecordLogError.Unavailable,
            $"Could not {what} a transaction of '{_transactionalId}': the client did not return within {Kafka.Options.RequestTimeout * 2}.");
    }

    private RecordLogException Failure(string what, TransactionError error)
    {
        var failure = error.Code.ToLogError();
        if (error.IsFatal)
        {
            // Fenced for good, or a client that lost track: opening the id again is the way on from there.
            _phase = failure == RecordLogError.Fenced ? KafkaTransactionPhase.Fenced : KafkaTransactionPhase.Failed;
            failure = failure is RecordLogError.Fenced or RecordLogError.AccessDenied or RecordLogError.Misconfigured
                ? failure
                : RecordLogError.Unavailable;
        }
        else if (error.RequiresAbort || error.IsRetriable)
        {
            _needsAbort |= error.RequiresAbort;
            failure = failure is RecordLogError.NotAssigned or RecordLogError.RecordTooLarge or RecordLogError.UnknownTopic
                or RecordLogError.TimedOut or RecordLogError.AccessDenied or RecordLogError.Misconfigured
                ? failure
                : RecordLogError.Unavailable;
        }

        Kafka.Metrics.TransactionFailed(failure);
        return new RecordLogException(
            failure, $"Could not {what} a transaction of '{_transactionalId}': {error.Reason} ({error.Code}).{error.Code.Advice()}");
    }

    private static TransactionError Describe(KafkaException error) => new(
        error.Error.Code,
        error.Error.Reason,
        error.Error.IsFatal,
        error is KafkaRetriableException || error.Error.Code == ErrorCode.Local_TimedOut,
        error is KafkaTxnRequiresAbortException);

    private void Demand(KafkaTransactionPhase phase)
    {
        if (_phase == KafkaTransactionPhase.Fenced)
        {
            throw new RecordLogException(
                RecordLogError.Fenced,
                $"A newer producer with the transactional id '{_transactionalId}' took over, or the transaction was open too " +
                "long; this one must stop.");
        }

        if (_phase == KafkaTransactionPhase.Failed)
        {
            throw new RecordLogException(
                RecordLogError.Unavailable, $"The transactional producer '{_transactionalId}' lost track; open the id again.");
        }

        if (_phase == KafkaTransactionPhase.Closed)
        {
            throw new RecordLogException(RecordLogError.Closed, $"The transactional producer '{_transactionalId}' is closed.");
        }

        if (_phase != phase)
        {
            throw new InvalidOperationException(
                $"The transactional producer '{_transactionalId}' is {_phase}; this call needs it {phase}.");
        }
    }
}
