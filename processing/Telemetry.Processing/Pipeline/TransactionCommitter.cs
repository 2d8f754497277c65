using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Commits cuts in transactions: outputs, state entries and offsets together or not at all. After a failure the outcome may be
/// unknown; then the producer is opened anew under the same id, which ends what was open, and the group's offset with this
/// commit's own mark says whether it had succeeded.
/// </summary>
internal sealed class TransactionCommitter : IAsyncDisposable
{
    private readonly IRecordLog _log;
    private readonly ProcessingOptions _options;
    private readonly ILogger _logger;
    private readonly string _instance;
    private readonly Dictionary<TopicPartition, CommittedOffset> _offsets = [];
    private ITransactionalProducer? _producer;
    private long _commits;
    private bool _isDoubtful;

    public TransactionCommitter(IRecordLog log, ProcessingOptions options, ILogger logger, TimeProvider time)
    {
        (_log, _options, _logger) = (log, options, logger);
        _instance = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
    }

    /// <summary>Takes the transactional id over from whoever had it, before any committed offset is read.</summary>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_producer is { } former)
        {
            _producer = null;
            await former.DisposeAsync();
        }

        _producer = await _log.OpenTransactionalProducerAsync(_options.TransactionalId, new ProducerOptions(), cancellationToken);
    }

    /// <summary>Commits new cuts.</summary>
    /// <exception cref="RecordLogException">Not committed, or not known: <see cref="RetryAsync"/> with the same cuts.</exception>
    public ValueTask CommitAsync(IReadOnlyList<Cut> cuts, IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        _commits++;
        return RetryAsync(cuts, consumer, cancellationToken);
    }

    /// <summary>Tries to commit the same cuts again, or a part of them.</summary>
    /// <exception cref="RecordLogException">As <see cref="CommitAsync"/>.</exception>
    public async ValueTask RetryAsync(IReadOnlyList<Cut> cuts, IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        if (_isDoubtful && await HadSucceededAsync(cuts, cancellationToken))
        {
            ProcessingLog.CommitHadSucceeded(_logger);
            return;
        }

        var producer = _producer!;
        var (began, isAtCommit) = (false, false);
        _isDoubtful = true;
        try
        {
            producer.BeginTransaction();
            began = true;
            _offsets.Clear();
            foreach (var cut in cuts)
            {
                await cut.Outputs.AppendAsync(producer, cancellationToken);
                await cut.State.AppendAsync(
                    producer, _options.StateTopic, cut.Partition.Partition, cut.TimestampMs, cancellationToken);
                _offsets[cut.Partition] = new CommittedOffset(cut.Offset, Mark);
            }

            await producer.SendOffsetsAsync(_offsets, consumer, cancellationToken);
            isAtCommit = true;
            await producer.CommitTransactionAsync(cancellationToken);
            _isDoubtful = false;
        }
        catch (RecordLogException fault) when (began && fault.Error == RecordLogError.Fenced)
        {
            // Two things are called fenced: this producer, and then aborting says so too; or only our membership.
            await producer.AbortTransactionAsync(CancellationToken.None);
            throw new RecordLogException(RecordLogError.NotAssigned, fault.Message, fault);
        }
        catch (Exception) when (began && !isAtCommit)
        {
            // A commit that failed may have succeeded all the same: nothing to abort then. Opening the producer again tells.
            await AbortAsync(producer);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    private string Mark => string.Create(CultureInfo.InvariantCulture, $"{_instance}.{_commits}");

    private async ValueTask<bool> HadSucceededAsync(IReadOnlyList<Cut> cuts, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        var partition = cuts[0].Partition;
        var committed = await _log.QueryCommittedAsync(_options.Group, [partition], cancellationToken);
        _isDoubtful = committed.TryGetValue(partition, out var offset) && offset.Metadata == Mark;
        var succeeded = _isDoubtful;
        _isDoubtful = false;
        return succeeded;
    }

    private async ValueTask AbortAsync(ITransactionalProducer producer)
    {
        try
        {
            await producer.AbortTransactionAsync(CancellationToken.None);
        }
        catch (RecordLogException fault)
        {
            // Opening the producer again, before the next try, ends the transaction.
            ProcessingLog.AbortFailed(_logger, fault);
        }
    }
}
