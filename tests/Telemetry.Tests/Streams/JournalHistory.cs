using System.Text;
using Telemetry.Streams;
using Telemetry.Streams.Journal.Producers;

namespace Telemetry.Tests.Streams;

/// <summary>
/// Runs steps on a <see cref="JournalUnderTest"/>, and beside it on the <see cref="JournalPromises"/>; and every call is answered. What is not
/// known (a write in flight at a crash) may be either, but the next start decides it for good.
/// </summary>
internal sealed class JournalHistory : IAsyncDisposable
{
    private const int Keys = 5;

    private readonly StartingLine _line = new();
    private readonly JournalPromises _promises = new();
    private readonly JournalUnderTest _journal;
    private readonly Random _random;
    private Transaction? _open;

    private JournalHistory(int seed)
    {
        _random = new Random(seed);
        _journal = new JournalUnderTest(seed);
    }

    /// <summary>Runs all steps, then looks at what is there, before and after one more start.</summary>
    public static async Task RunAsync(int seed, IReadOnlyList<JournalStep> steps)
    {
        await using var history = new JournalHistory(seed);
        await history._journal.OpenAsync();
        foreach (var step in steps)
        {
            await history.StepAsync(step);
            await history.RestartIfFailedAsync();
        }

        history._journal.Mend();
        await history.CheckAsync();
        await history.RestartIfFailedAsync();
        await history.CheckAsync();
        await history.RestartAsync(crash: true);
        await history.CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _line.Dispose();
        await _journal.DisposeAsync();
    }

    private async Task RestartIfFailedAsync()
    {
        if (_journal.HasFailed)
        {
            await RestartAsync(crash: _random.Next(2) == 0);
        }
    }

    private async Task StepAsync(JournalStep step)
    {
        switch (step)
        {
            case JournalStep.Append:
                for (var i = _random.Next(1, 8); i > 0 && Append(_journal.Producer, null); i--)
                {
                    continue;
                }

                break;
            case JournalStep.Flush:
                await TryAsync(() => _journal.Producer.FlushAsync(default), "flush");
                break;
            case JournalStep.Transact when _open is null:
                await TransactAsync();
                break;
            case JournalStep.Commit when _open is not null:
                await CommitAsync();
                break;
            case JournalStep.Abort when _open is not null:
                await AbortAsync();
                break;
            case JournalStep.Fence:
                await FenceAsync();
                break;
            case JournalStep.CommitAndCrash:
                await CommitAndCrashAsync();
                break;
            case JournalStep.CommitWhileFenced or JournalStep.CommitWhileTimedOut:
                await RaceAsync(step);
                break;
            case JournalStep.CommitOffsets:
                var note = _promises.AddOffsets(null);
                await TryAsync(() => _journal.Member.CommitAsync(new Dictionary<TopicPartition, CommittedOffset> { [JournalUnderTest.OffsetsOf] = note.Offset }, default),
                    "commit of offsets", note);
                break;
            case JournalStep.Maintain:
                _journal.Time.Advance(TimeSpan.FromSeconds(_random.Next(20)));
                await _journal.MaintainAsync(_random.Next(2) == 0);
                break;
            case JournalStep.Check:
                await CheckAsync();
                break;
            case JournalStep.ArmFault:
                _journal.Disk.Arm((DiskFault)_random.Next(Enum.GetValues<DiskFault>().Length), _random.Next(4));
                break;
            case JournalStep.FillDisk:
                _journal.Disk.Full = true;
                break;
            case JournalStep.FreeDisk:
                _journal.Disk.Full = false;
                break;
            case JournalStep.Reopen:
                await RestartAsync(crash: false);
                break;
            case JournalStep.Crash:
                await RestartAsync(crash: true);
                break;
        }
    }

    private async Task TransactAsync()
    {
        _open = new Transaction();
        try
        {
            _journal.Transactional.BeginTransaction();
            for (var i = _random.Next(1, 5); i > 0 && Append(_journal.Transactional, _open); i--)
            {
                continue;
            }

            if (_random.Next(2) == 0)
            {
                var note = _promises.AddOffsets(_open);
                await _journal.Transactional.SendOffsetsAsync(
                    new Dictionary<TopicPartition, CommittedOffset> { [JournalUnderTest.OffsetsOf] = note.Offset }, _journal.Member, default);
            }
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await _journal.FailedAsync();
        }
    }

    private async Task CommitAsync()
    {
        var transaction = _open!;
        _promises.Try(transaction);
        try
        {
            await JournalUnderTest.Answered(_journal.Transactional.CommitTransactionAsync(default).AsTask(), "commit of a transaction");
            (transaction.Fate, _open) = (Fate.There, null);
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            // Still open; later steps abort it or commit it again.
            transaction.IsTried = false;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await _journal.FailedAsync();
        }
    }

    // The power fails while the commit is on its way: it may be there or not.
    private async Task CommitAndCrashAsync()
    {
        if (_open is null)
        {
            await TransactAsync();
        }

        _promises.Try(_open!);
        var producer = _journal.Transactional;
        var commit = Task.Run(async () => await producer.CommitTransactionAsync(default));
        Thread.SpinWait(_random.Next(3000));
        await RestartAsync(crash: true);
        await JournalUnderTest.Answered(commit.ContinueWith(static _ => { }, TaskScheduler.Default), "commit of a transaction");
    }

    private async Task AbortAsync()
    {
        var transaction = _open!;
        await TryAsync(() => _journal.Transactional.AbortTransactionAsync(default), "abort");
        (transaction.Fate, _open) = (Fate.NotThere, null);
    }

    private async Task FenceAsync()
    {
        var former = _journal.Transactional;
        var transaction = _open;
        if (await _journal.TryOpenTransactionalAsync() && transaction is not null)
        {
            (transaction.Fate, _open) = (Fate.NotThere, null);
            Should.Throw<RecordLogException>(former.BeginTransaction).Error
                .ShouldBeOneOf(RecordLogError.Fenced, RecordLogError.WriteFailed, RecordLogError.Closed);
        }
    }

    // A commit and a fence at the same moment: whoever wins, records and offsets go together.
    private async Task RaceAsync(JournalStep step)
    {
        if (_open is null)
        {
            await TransactAsync();
        }

        if (_journal.HasFailed)
        {
            return;
        }

        var (transaction, producer) = (_open!, (JournalTransactionalProducer)_journal.Transactional);
        _promises.Try(transaction);
        var (commit, fence) = (Task.CompletedTask, Task.CompletedTask);
        if (step == JournalStep.CommitWhileTimedOut)
        {
            _journal.Time.Advance(TimeSpan.FromMinutes(2));
        }

        _line.Run(
            () => commit = CommitAsync(producer),
            () => fence = step == JournalStep.CommitWhileFenced
                ? producer.FenceAsync()
                : Task.FromResult(producer.FenceIfOlder(_journal.Time.GetUtcNow())),
            lead: _random.Next(-50, 50));
        try
        {
            await JournalUnderTest.Answered(commit, "commit of a transaction");
            (transaction.Fate, _open) = (Fate.There, null);
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.Fenced)
        {
            (transaction.Fate, _open) = (Fate.NotThere, null);
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            // What did not fit the disk is open, or aborted by the fence; in both cases it is aborted in the end.
            await JournalUnderTest.Answered(fence, "fence");
            (transaction.Fate, _open) = (Fate.NotThere, null);
            await _journal.TryOpenTransactionalAsync();
            return;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            // The next start decides.
            _open = transaction;
            await _journal.FailedAsync();
        }

        await JournalUnderTest.Answered(fence, "fence");
        if (_open is null)
        {
            await _journal.TryOpenTransactionalAsync();
        }
    }

    private static async Task CommitAsync(ITransactionalProducer producer) => await producer.CommitTransactionAsync(default);

    private async Task TryAsync(Func<ValueTask> call, string what, CommittedNote? note = null)
    {
        try
        {
            await JournalUnderTest.Answered(call().AsTask(), what);
            if (note is not null)
            {
                note.Fate = Fate.There;
            }
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            if (note is not null)
            {
                note.Fate = Fate.NotThere;
            }
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await _journal.FailedAsync();
        }
    }

    // False: the log has failed.
    private bool Append(IRecordProducer producer, Transaction? transaction)
    {
        var topic = _random.Next(3) == 0 ? JournalUnderTest.Compacted : JournalUnderTest.Plain;
        var (partition, key) = (_random.Next(JournalUnderTest.Partitions), $"{_random.Next(Keys)}");
        var entry = _promises.Add(topic, partition, key, new string('.', _random.Next(300)), transaction);
        try
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = topic,
                    Partition = partition,
                    Key = Encoding.UTF8.GetBytes(key),
                    Value = Encoding.UTF8.GetBytes(entry.Value),
                    TimestampMs = _journal.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                },
                entry,
                0).ShouldBeTrue();
            return true;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            entry.Refused();
            return false;
        }
    }

    /// <summary>Ends the process and starts another: in good order, by a failed log, or by a power failure.</summary>
    private async Task RestartAsync(bool crash)
    {
        if (_open is { } open)
        {
            // A transaction that nobody committed is aborted by whoever comes next; one whose commit failed may be there.
            open.Fate = open.IsTried ? open.Fate : Fate.NotThere;
        }

        SimulatedDisk? survivor = null;
        if (crash)
        {
            // What is answered from now on, another process does not know.
            var known = _promises.Unanswered();
            survivor = _journal.Disk.Crash();
            foreach (var entry in known)
            {
                entry.Freeze();
            }
        }

        await _journal.CloseAsync();
        _promises.ShouldAllBeAnswered();
        _open = null;
        _journal.Mend(survivor);
        await _journal.OpenAsync();
        _promises.Decide(
            await _journal.ReadAsync(JournalUnderTest.Plain), await _journal.ReadAsync(JournalUnderTest.Compacted), await _journal.CommittedAsync());
        await CheckAsync();
    }

    private async Task CheckAsync()
    {
        await TryAsync(() => _journal.Producer.FlushAsync(default), "flush");
        if (!_journal.HasFailed)
        {
            _promises.Check(
                await _journal.ReadAsync(JournalUnderTest.Plain), await _journal.ReadAsync(JournalUnderTest.Compacted), await _journal.CommittedAsync(), _open);
        }
    }
}
