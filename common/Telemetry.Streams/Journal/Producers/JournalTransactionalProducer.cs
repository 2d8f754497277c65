using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Consumers;
using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Producers;

/// <summary>What a transactional producer is doing.</summary>
internal enum TransactionPhase
{
    /// <summary>Between transactions.</summary>
    Ready,

    Open,

    /// <summary>The commit is with the writer; neither abort nor fencing can take it back.</summary>
    Committing,

    /// <summary>Another producer has the id.</summary>
    Fenced,
}

/// <summary>
/// Appends in transactions. Its records go to the files at once; one frame in the commit file makes them, and the offsets
/// sent along, count.
/// </summary>
internal sealed class JournalTransactionalProducer(
    JournalCore journal, string transactionalId, ProducerOptions options, TimeProvider time,
    Action<JournalTransactionalProducer> closed)
    : JournalProducer(journal, options), ITransactionalProducer
{
    private readonly Lock _gate = new();
    private readonly List<GroupOffsets> _offsets = [];
    private readonly List<(JournalConsumer Consumer, TopicPartition[] Partitions)> _members = [];
    private TransactionPhase _phase;
    private bool _fencing;
    private JournalTransaction? _transaction;
    private Task? _committing;
    private DateTimeOffset _begunAt;

    public string TransactionalId { get; } = transactionalId;

    public void BeginTransaction()
    {
        Journal.Writer.ThrowIfUnusable();
        lock (_gate)
        {
            Demand(TransactionPhase.Ready);
            _phase = TransactionPhase.Open;
            _begunAt = time.GetUtcNow();
        }
    }

    public override bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        lock (_gate)
        {
            Demand(TransactionPhase.Open);
            return TryAppend(record, completion, state, Transaction);
        }
    }

    public ValueTask SendOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        var member = consumer as JournalConsumer
            ?? throw new ArgumentException("The consumer belongs to another log.", nameof(consumer));
        var copy = new Dictionary<TopicPartition, CommittedOffset>(offsets);
        lock (_gate)
        {
            Demand(TransactionPhase.Open);
            member.AsMember(copy.Keys, group =>
            {
                _offsets.Add(new GroupOffsets(group, copy));
                _members.Add((member, [.. copy.Keys]));
            });
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask CommitTransactionAsync(CancellationToken cancellationToken)
    {
        Task committing;
        JournalTransaction? transaction;
        lock (_gate)
        {
            Demand(TransactionPhase.Open);
            transaction = _transaction;
            if (transaction?.Failure is { } failure)
            {
                throw new RecordLogException(failure.Error, failure.Message, failure);
            }

            committing = transaction is null && _offsets.Count == 0
                ? Task.CompletedTask
                : SubmitAsMembers(0, new CommitRequest(transaction, [.. _offsets]));
            _committing = committing;
            _phase = TransactionPhase.Committing;
        }

        try
        {
            // Not cancelled: once it is with the writer it happens or fails, and the caller must learn which.
            await committing;
            Settle(transaction, committed: true);
        }
        catch (RecordLogException)
        {
            lock (_gate)
            {
                // Abort and do it again, if it is transient.
                _phase = _phase == TransactionPhase.Committing ? TransactionPhase.Open : _phase;
            }

            throw;
        }
    }

    public ValueTask AbortTransactionAsync(CancellationToken cancellationToken)
    {
        JournalTransaction? open;
        lock (_gate)
        {
            Demand(TransactionPhase.Open);
            open = _transaction;
        }

        Settle(open, committed: false);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Another producer takes the id: waits for a commit that is with the writer, aborts what is open otherwise. Whether
    /// there is one is decided under the same lock that a commit is submitted under, and from then on none can be.
    /// </summary>
    public async Task FenceAsync()
    {
        Task? committing;
        lock (_gate)
        {
            _fencing = true;
            committing = _phase == TransactionPhase.Committing ? _committing : null;
        }

        if (committing is not null)
        {
            await committing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        JournalTransaction? open;
        lock (_gate)
        {
            open = Fence();
        }

        Abort(open);
    }

    /// <summary>Aborts and fences when the transaction has been open since before the given time.</summary>
    public bool FenceIfOlder(DateTimeOffset than)
    {
        JournalTransaction? open;
        lock (_gate)
        {
            if (_phase != TransactionPhase.Open || _begunAt > than)
            {
                return false;
            }

            open = Fence();
        }

        Abort(open);
        return true;
    }

    public override async ValueTask DisposeAsync()
    {
        await FenceAsync();
        closed(this);
        await base.DisposeAsync();
    }

    // Under _gate, with no commit at the writer. Returns what is to be aborted.
    private JournalTransaction? Fence()
    {
        var open = _transaction;
        _phase = TransactionPhase.Fenced;
        _transaction = null;
        return open;
    }

    private void Settle(JournalTransaction? transaction, bool committed)
    {
        if (!committed)
        {
            Abort(transaction);
        }

        lock (_gate)
        {
            _transaction = null;
            _offsets.Clear();
            _members.Clear();
            _phase = _phase == TransactionPhase.Fenced ? _phase : TransactionPhase.Ready;
        }
    }

    private void Abort(JournalTransaction? transaction)
    {
        if (transaction is null or { IsCommitted: true })
        {
            return;
        }

        // Known as aborted before readers may come to it.
        Journal.Commits.Transactions.Abort(transaction.Id);
        foreach (var (topic, partition) in transaction.Partitions)
        {
            topic.TransactionEnded(transaction, partition);
            topic.WakeReaders();
        }
    }

    // All consumers whose offsets go along must still own them at the moment the commit goes to the writer.
    private Task SubmitAsMembers(int from, CommitRequest request)
    {
        if (from == _members.Count)
        {
            return Journal.Writer.SubmitAsync(request);
        }

        Task? committing = null;
        var (consumer, partitions) = _members[from];
        consumer.AsMember(partitions, _ => committing = SubmitAsMembers(from + 1, request));
        return committing!;
    }

    private JournalTransaction Transaction() =>
        _transaction ??= new JournalTransaction(Journal.Commits.Transactions.Begin());

    private void Demand(TransactionPhase phase)
    {
        if (_fencing || _phase == TransactionPhase.Fenced)
        {
            throw new RecordLogException(
                RecordLogError.Fenced,
                $"A newer producer with the transactional id '{TransactionalId}' took over, or the transaction was open too " +
                "long; this one must stop.");
        }

        if (_phase != phase)
        {
            throw new InvalidOperationException(
                $"The transactional producer '{TransactionalId}' is {_phase}; this call needs it {phase}.");
        }
    }
}
