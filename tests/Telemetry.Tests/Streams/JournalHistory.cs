using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.Journal.Producers;

namespace Telemetry.Tests.Streams;

/// <summary>What a program does to the log, or the world to the program.</summary>
public enum JournalStep
{
    Append,
    Flush,
    Transact,
    Commit,
    Abort,
    Fence,
    CommitWhileFenced,
    CommitWhileTimedOut,
    CommitAndCrash,
    CommitOffsets,
    Maintain,
    Check,
    ArmFault,
    FillDisk,
    FreeDisk,
    Reopen,
    Crash,
}

/// <summary>
/// Runs steps on a journal on a <see cref="SimulatedDisk"/>, and beside it on a list of what was promised:
/// what was acknowledged is there once and in order; what was refused is not; a transaction is there whole, with its
/// offsets, or not at all; and every call is answered. What is not known (a write in flight at a crash) may be either, but
/// the next start decides it for good.
/// </summary>
internal sealed class JournalHistory : IAsyncDisposable
{
    private const int Partitions = 2;
    private const int Keys = 5;
    private const string Plain = "plain";
    private const string Compacted = "compacted";
    private const string Group = "g";
    private const string Directory = "/log";

    // Only a call that is never answered takes this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TopicPartition OffsetsOf = new(Plain, 0);

    private readonly ManualTime _time = new();
    private readonly StartingLine _line = new();
    private readonly Random _random;
    private readonly List<Entry> _entries = [];
    private readonly List<CommittedNote> _offsets = [];
    private SimulatedDisk _disk;
    private JournalLog? _log;
    private IRecordProducer _producer = null!;
    private ITransactionalProducer _transactional = null!;
    private IRecordConsumer _member = null!;
    private Transaction? _open;
    private int _names;

    private JournalHistory(int seed)
    {
        _random = new Random(seed);
        _disk = new SimulatedDisk(new Random(seed), _time);
    }

    private enum Fate
    {
        /// <summary>Not answered yet, or the answer says that only the next start knows.</summary>
        Unknown,
        There,
        NotThere,
    }

    /// <summary>Runs all steps, then looks at what is there, before and after one more start.</summary>
    public static async Task RunAsync(int seed, IReadOnlyList<JournalStep> steps)
    {
        await using var history = new JournalHistory(seed);
        await history.OpenAsync();
        foreach (var step in steps)
        {
            await history.StepAsync(step);
            await history.RestartIfFailedAsync();
        }

        history._disk.Disarm();
        history._disk.Full = false;
        await history.CheckAsync();
        await history.RestartIfFailedAsync();
        await history.CheckAsync();
        await history.RestartAsync(crash: true);
        await history.CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _line.Dispose();
        if (_log is not null)
        {
            await Answered(_log.DisposeAsync().AsTask(), "closing the log");
        }
    }

    private async Task RestartIfFailedAsync()
    {
        if (_log!.Failed.IsCompleted)
        {
            await RestartAsync(crash: _random.Next(2) == 0);
        }
    }

    private async Task StepAsync(JournalStep step)
    {
        switch (step)
        {
            case JournalStep.Append:
                for (var i = _random.Next(1, 8); i > 0 && Append(_producer, null); i--)
                {
                    continue;
                }

                break;
            case JournalStep.Flush:
                await TryAsync(() => _producer.FlushAsync(default), "flush");
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
                var note = new CommittedNote(new CommittedOffset(0, $"{_names++}"), null);
                _offsets.Add(note);
                await TryAsync(() => _member.CommitAsync(new Dictionary<TopicPartition, CommittedOffset> { [OffsetsOf] = note.Offset }, default),
                    "commit of offsets", note);
                break;
            case JournalStep.Maintain:
                _time.Advance(TimeSpan.FromSeconds(_random.Next(20)));
                await MaintainAsync(_random.Next(2) == 0);
                break;
            case JournalStep.Check:
                await CheckAsync();
                break;
            case JournalStep.ArmFault:
                _disk.Arm((DiskFault)_random.Next(Enum.GetValues<DiskFault>().Length), _random.Next(4));
                break;
            case JournalStep.FillDisk:
                _disk.Full = true;
                break;
            case JournalStep.FreeDisk:
                _disk.Full = false;
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
            _transactional.BeginTransaction();
            for (var i = _random.Next(1, 5); i > 0 && Append(_transactional, _open); i--)
            {
                continue;
            }

            if (_random.Next(2) == 0)
            {
                var note = new CommittedNote(new CommittedOffset(0, $"{_names++}"), _open);
                _offsets.Add(note);
                await _transactional.SendOffsetsAsync(
                    new Dictionary<TopicPartition, CommittedOffset> { [OffsetsOf] = note.Offset }, _member, default);
            }
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await FailedAsync();
        }
    }

    private async Task CommitAsync()
    {
        var transaction = _open!;
        Try(transaction);
        try
        {
            await Answered(_transactional.CommitTransactionAsync(default).AsTask(), "commit of a transaction");
            (transaction.Fate, _open) = (Fate.There, null);
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            // Still open; later steps abort it or commit it again.
            transaction.IsTried = false;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await FailedAsync();
        }
    }

    // The power fails while the commit is on its way: it may be there or not.
    private async Task CommitAndCrashAsync()
    {
        if (_open is null)
        {
            await TransactAsync();
        }

        Try(_open!);
        var producer = _transactional;
        var commit = Task.Run(async () => await producer.CommitTransactionAsync(default));
        Thread.SpinWait(_random.Next(3000));
        await RestartAsync(crash: true);
        await Answered(commit.ContinueWith(static _ => { }, TaskScheduler.Default), "commit of a transaction");
    }

    // What goes with a transaction takes effect with its commit.
    private void Try(Transaction transaction)
    {
        transaction.IsTried = true;
        if (_offsets.Find(note => note.Transaction == transaction) is { } note)
        {
            _offsets.Remove(note);
            _offsets.Add(note);
        }
    }

    private async Task AbortAsync()
    {
        var transaction = _open!;
        await TryAsync(() => _transactional.AbortTransactionAsync(default), "abort");
        (transaction.Fate, _open) = (Fate.NotThere, null);
    }

    private async Task FenceAsync()
    {
        var former = _transactional;
        var transaction = _open;
        if (await TryOpenTransactionalAsync() && transaction is not null)
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

        if (_log!.Failed.IsCompleted)
        {
            return;
        }

        var (transaction, producer) = (_open!, (JournalTransactionalProducer)_transactional);
        Try(transaction);
        var (commit, fence) = (Task.CompletedTask, Task.CompletedTask);
        if (step == JournalStep.CommitWhileTimedOut)
        {
            _time.Advance(TimeSpan.FromMinutes(2));
        }

        _line.Run(
            () => commit = CommitAsync(producer),
            () => fence = step == JournalStep.CommitWhileFenced
                ? producer.FenceAsync()
                : Task.FromResult(producer.FenceIfOlder(_time.GetUtcNow())),
            lead: _random.Next(-50, 50));
        try
        {
            await Answered(commit, "commit of a transaction");
            (transaction.Fate, _open) = (Fate.There, null);
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.Fenced)
        {
            (transaction.Fate, _open) = (Fate.NotThere, null);
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            // What did not fit the disk is open, or aborted by the fence; in both cases it is aborted in the end.
            await Answered(fence, "fence");
            (transaction.Fate, _open) = (Fate.NotThere, null);
            await TryOpenTransactionalAsync();
            return;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            // The next start decides.
            _open = transaction;
            await FailedAsync();
        }

        await Answered(fence, "fence");
        if (_open is null)
        {
            await TryOpenTransactionalAsync();
        }
    }

    private static async Task CommitAsync(ITransactionalProducer producer) => await producer.CommitTransactionAsync(default);

    private async Task<bool> TryOpenTransactionalAsync()
    {
        try
        {
            _transactional = await Answered(
                _log!.OpenTransactionalProducerAsync("id", new ProducerOptions(), default).AsTask(), "opening a producer");
            return true;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await FailedAsync();
            return false;
        }
    }

    private bool Failing()
    {
        try
        {
            _log!.Writer.ThrowIfUnusable();
            return false;
        }
        catch (RecordLogException)
        {
            return true;
        }
    }

    // Calls are answered a moment before this is known.
    private Task FailedAsync() => Answered(_log!.Failed, "the failure of the log");

    private async Task MaintainAsync(bool compact)
    {
        try
        {
            await Answered(compact ? _log!.CompactAsync(default) : _log!.MaintainAsync(default), "maintenance");
        }
        catch (Exception error) when (error is RecordLogException { Error: not RecordLogError.Damaged } or IOException
            or UnauthorizedAccessException or AggregateException)
        {
            // Tried again later, unless the log has failed.
            if (error is RecordLogException { Error: RecordLogError.WriteFailed } && Failing())
            {
                await FailedAsync();
            }
        }
    }

    private async Task TryAsync(Func<ValueTask> call, string what, CommittedNote? note = null)
    {
        try
        {
            await Answered(call().AsTask(), what);
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
            await FailedAsync();
        }
    }

    // False: the log has failed.
    private bool Append(IRecordProducer producer, Transaction? transaction)
    {
        var topic = _random.Next(3) == 0 ? Compacted : Plain;
        var (partition, key) = (_random.Next(Partitions), $"{_random.Next(Keys)}");
        var entry = new Entry(topic, partition, key, $"{_names++}" + new string('.', _random.Next(300)), transaction);
        lock (_entries)
        {
            _entries.Add(entry);
        }

        try
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = topic,
                    Partition = partition,
                    Key = Encoding.UTF8.GetBytes(key),
                    Value = Encoding.UTF8.GetBytes(entry.Value),
                    TimestampMs = _time.GetUtcNow().ToUnixTimeMilliseconds(),
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
            Entry[] known;
            lock (_entries)
            {
                known = [.. _entries.Where(entry => entry.Own == Fate.Unknown)];
            }

            // What is answered from now on, another process does not know.
            survivor = _disk.Crash();
            foreach (var entry in known)
            {
                entry.Freeze();
            }
        }

        await Answered(_log!.DisposeAsync().AsTask(), "closing the log");
        lock (_entries)
        {
            foreach (var entry in _entries)
            {
                entry.Answered.ShouldBeTrue($"the append of '{entry.Value.TrimEnd('.')}' was never answered");
            }
        }

        _log = null;
        _open = null;
        _disk.Disarm();
        _disk.Full = false;
        _disk = survivor ?? _disk;
        await OpenAsync();
        await DecideAsync();
    }

    private async Task OpenAsync()
    {
        _log = JournalLog.Open(
            new JournalOptions
            {
                Directory = Directory,
                CommitInterval = TimeSpan.Zero,
                FreeBytesMin = 1,
                MaintenanceInterval = TimeSpan.Zero,
                SegmentBytes = 4096,
                CompactedSegmentBytes = 4096,
                CommitFileBytes = 4096,
                ReadBytes = 4096,
            },
            NullLoggerFactory.Instance,
            _time,
            _disk);
        await _log.EnsureTopicsAsync(
            [new TopicSpec(Plain, Partitions), new TopicSpec(Compacted, Partitions, Compacted: true)], default);
        _producer = _log.CreateProducer(new ProducerOptions());
        _transactional = await _log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        _member = _log.CreateConsumer(new ConsumerOptions { Group = Group });
        _member.Assign([OffsetsOf]);
    }

    // What was not known is what the start found, from here on.
    private async Task DecideAsync()
    {
        var read = await ReadAsync(Plain);
        var values = read.Select(seen => seen.Value).ToHashSet();
        var newest = await ReadAsync(Compacted);
        newest.ForEach(seen => values.Add(seen.Value));
        var committed = await CommittedAsync();
        foreach (var transaction in _entries.Select(entry => entry.Transaction).OfType<Transaction>().Distinct()
            .Where(transaction => transaction.Fate == Fate.Unknown))
        {
            // A record of the compacted topic may have been replaced by a later one: the plain ones and the offsets tell.
            var witnesses = _entries.Where(entry => entry.Transaction == transaction).ToList();
            transaction.Fate = witnesses.Exists(entry => values.Contains(entry.Value))
                || _offsets.Exists(note => note.Transaction == transaction && note.Offset == committed)
                ? Fate.There
                : Fate.NotThere;
        }

        foreach (var entry in _entries.Where(entry => entry.Transaction is null && entry.Own == Fate.Unknown))
        {
            entry.Decide(values.Contains(entry.Value) ? Fate.There : Fate.NotThere);
        }

        // Notes before the one that is there count as done, those after it as not.
        var last = _offsets.FindIndex(note => note.Offset == committed);
        for (var i = 0; i < _offsets.Count; i++)
        {
            if (_offsets[i] is { Fate: Fate.Unknown, Transaction: null } note)
            {
                note.Fate = i <= last ? Fate.There : Fate.NotThere;
            }
        }

        await CheckAsync();
    }

    private async Task CheckAsync()
    {
        await TryAsync(() => _producer.FlushAsync(default), "flush");
        if (_log!.Failed.IsCompleted)
        {
            return;
        }

        List<Entry> entries;
        lock (_entries)
        {
            entries = [.. _entries];
        }

        entries = [.. entries.Where(entry => entry.Transaction != _open || _open is null)];
        var promised = entries.Where(entry => entry.Fate == Fate.There).ToList();
        var hidden = HiddenByOpenTransaction();
        var plain = await ReadAsync(Plain);
        for (var partition = 0; partition < Partitions; partition++)
        {
            var expected = promised.Where(entry => entry.Topic == Plain && entry.Partition == partition)
                .Select(entry => Name(entry.Value)).ToList();
            var found = plain.Where(seen => seen.Partition == partition).Select(seen => Name(seen.Value)).ToList();
            if (hidden.Contains((Plain, partition)))
            {
                found.ShouldBe(expected.Take(found.Count), $"partition {partition}, up to an open transaction");
            }
            else
            {
                found.ShouldBe(expected, $"partition {partition}");
            }
        }

        CheckCompacted(await ReadAsync(Compacted), promised, hidden);
        var committed = await CommittedAsync();
        var expectedOffset = _offsets.FindLast(note => note.Known == Fate.There)?.Offset;
        committed.ShouldBe(expectedOffset, "the group's offset");
    }

    private static void CheckCompacted(List<Seen> read, List<Entry> promised, HashSet<(string, int)> hidden)
    {
        var mine = promised.Where(entry => entry.Topic == Compacted).ToList();
        var known = mine.Select(entry => entry.Value).ToHashSet();
        read.ShouldAllBe(seen => known.Contains(seen.Value), "nothing that was refused or aborted is there");
        foreach (var of in mine.GroupBy(entry => (entry.Partition, entry.Key)).Where(of => !hidden.Contains((Compacted, of.Key.Partition))))
        {
            var last = read.FindLast(seen => seen.Partition == of.Key.Partition && seen.Key == of.Key.Key);
            last.Value.ShouldBe(of.Last().Value, "the newest record of a key");
        }
    }

    private HashSet<(string Topic, int Partition)> HiddenByOpenTransaction() =>
        [.. _entries.Where(entry => _open is not null && entry.Transaction == _open).Select(entry => (entry.Topic, entry.Partition))];

    private async Task<CommittedOffset?> CommittedAsync()
    {
        var committed = await _log!.QueryCommittedAsync(Group, [OffsetsOf], default);
        return committed.TryGetValue(OffsetsOf, out var offset) ? offset : null;
    }

    private async Task<List<Seen>> ReadAsync(string topic)
    {
        await using var consumer = _log!.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. Enumerable.Range(0, Partitions).Select(partition => new TopicPartition(topic, partition))]);
        var read = new List<Seen>();
        while (await consumer.PollAsync(1000, TimeSpan.Zero, default) is { Count: > 0 } records)
        {
            read.AddRange(records.Select(record => new Seen(
                record.Partition, record.Offset, Encoding.UTF8.GetString(record.Key.Span), Encoding.UTF8.GetString(record.Value.Span))));
        }

        foreach (var partition in read.GroupBy(seen => seen.Partition))
        {
            partition.Zip(partition.Skip(1)).ShouldAllBe(pair => pair.First.Offset < pair.Second.Offset);
        }

        return read;
    }

    private static string Name(string value) => value.TrimEnd('.');

    private static async Task Answered(Task call, string what)
    {
        if (await Task.WhenAny(call, Task.Delay(Patience)) != call)
        {
            throw new NeverAnsweredException($"{what} was never answered");
        }

        await call;
    }

    private static async Task<T> Answered<T>(Task<T> call, string what)
    {
        await Answered((Task)call, what);
        return await call;
    }

    private readonly record struct Seen(int Partition, long Offset, string Key, string Value);

    private sealed class Transaction
    {
        public Fate Fate { get; set; }

        /// <summary>A commit has been asked for, and no answer says that it did not happen.</summary>
        public bool IsTried { get; set; }
    }

    private sealed class CommittedNote(CommittedOffset offset, Transaction? transaction)
    {
        public CommittedOffset Offset { get; } = offset;

        public Transaction? Transaction { get; } = transaction;

        public Fate Fate { get; set; }

        /// <summary>A note that went with a transaction shares its fate.</summary>
        public Fate Known => Transaction?.Fate ?? Fate;
    }

    private sealed class Entry(string topic, int partition, string key, string value, Transaction? transaction) : IAppendCompletion
    {
        private readonly Lock _gate = new();
        private Fate _own;
        private bool _frozen;

        public string Topic => topic;

        public int Partition => partition;

        public string Key => key;

        public string Value => value;

        public Transaction? Transaction => transaction;

        public bool Answered { get; private set; }

        /// <summary>What the log has said about the record itself.</summary>
        public Fate Own
        {
            get
            {
                lock (_gate)
                {
                    return _own;
                }
            }
        }

        public Fate Fate => transaction is null ? Own : transaction.Fate;

        public void Appended(long offset, RecordLogException? error, ulong state)
        {
            lock (_gate)
            {
                Answered.ShouldBeFalse();
                Answered = true;
                if (!_frozen)
                {
                    _own = error switch
                    {
                        null => Fate.There,
                        { Error: RecordLogError.DiskFull or RecordLogError.Closed } => Fate.NotThere,
                        _ => Fate.Unknown,
                    };
                }
            }
        }

        /// <summary>The call itself was refused.</summary>
        public void Refused()
        {
            lock (_gate)
            {
                (Answered, _own) = (true, Fate.NotThere);
            }
        }

        /// <summary>Answers that come after the crash do not count.</summary>
        public void Freeze()
        {
            lock (_gate)
            {
                (_frozen, _own) = (true, Fate.Unknown);
            }
        }

        public void Decide(Fate fate)
        {
            lock (_gate)
            {
                _own = fate;
            }
        }
    }
}

/// <summary>A call to the log hangs.</summary>
internal sealed class NeverAnsweredException(string message) : Exception(message);
