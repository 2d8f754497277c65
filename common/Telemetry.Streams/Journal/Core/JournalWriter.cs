using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Diagnostics;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Core;

/// <summary>
/// The one thread that writes. A round takes everything pending, writes it, makes it durable with one fsync a topic and
/// answers the appends; then it writes the commit frames that stand on them, makes those durable with one more fsync and
/// answers the commits. The pacing is the disk's and uses
/// the system clock, whatever clock the log is given.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    private readonly JournalOptions _options;
    private readonly IJournalFiles _files;
    private readonly CommitFile _commits;
    private readonly JournalMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _work = new(false, 0);
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Shared, under _gate.
    private readonly Lock _gate = new();
    private readonly List<(JournalTopic Topic, TopicWriter Writer)> _topics = [];
    private List<CommitRequest> _requests = [];
    private List<TaskCompletionSource> _capacityWaiters = [];
    private List<(Action Work, TaskCompletionSource Done)> _standstills = [];
    private bool _stopping;
    private bool _stopped;

    private int _signalled;
    private long _pendingBytes;
    private RecordLogException? _failure;

    // The writer's thread only.
    private readonly List<TopicRound> _rounds = [];
    private List<CommitRequest> _taken = [];
    private readonly DiskSpace _space;

    public JournalWriter(
        JournalOptions options, IJournalFiles files, CommitFile commits, JournalMetrics metrics, TimeProvider time,
        ILogger logger)
    {
        (_options, _files, _commits, _metrics, _time, _logger) = (options, files, commits, metrics, time, logger);
        _space = new DiskSpace(options, files, logger);
        _thread = new Thread(Run) { IsBackground = true, Name = "journal writer" };
    }

    /// <summary>Completes with the cause when the log has failed for good; never otherwise.</summary>
    public Task<Exception> Failed => _failed.Task;

    public long PendingBytes => Volatile.Read(ref _pendingBytes);

    public void Start() => _thread.Start();

    public void Add(JournalTopic topic)
    {
        var bytes = topic.Spec.Compacted ? _options.CompactedSegmentBytes : _options.SegmentBytes;
        lock (_gate)
        {
            ThrowIfUnusable();
            _topics.Add((topic, new TopicWriter(topic, _files, bytes, _options.SegmentAge, _time)));
        }
    }

    /// <exception cref="RecordLogException">The log has failed or is closed.</exception>
    public void ThrowIfUnusable()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new RecordLogException(failure.Error, failure.Message, failure);
        }
    }

    public bool HasRoom(int bytes) => PendingBytes + bytes <= _options.PendingBytesMax || PendingBytes == 0;

    public void Appended(int bytes) => Interlocked.Add(ref _pendingBytes, bytes);

    /// <summary>Wakes the writer; cheap when it is awake.</summary>
    public void Signal()
    {
        if (Volatile.Read(ref _signalled) == 0 && Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            _work.Set();
        }
    }

    /// <summary>Completes after everything appended before, and the request's own frame, is durable.</summary>
    public Task SubmitAsync(CommitRequest request)
    {
        lock (_gate)
        {
            ThrowIfUnusable();
            if (_stopped)
            {
                throw Closed();
            }

            _requests.Add(request);
        }

        Signal();
        return request.Done.Task;
    }

    /// <summary>Does something between two rounds: everything written is durable then, and nothing is written meanwhile.</summary>
    public Task StandStillAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ThrowIfUnusable();
            if (_stopped)
            {
                throw Closed();
            }

            _standstills.Add((work, done));
        }

        Signal();
        return done.Task;
    }

    public Task WaitForCapacityAsync(Func<bool> hasCapacity, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ThrowIfUnusable();
            if (hasCapacity())
            {
                return Task.CompletedTask;
            }

            _capacityWaiters.Add(waiter);
        }

        Signal();
        return waiter.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Writes what is pending, then ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }

        Interlocked.Exchange(ref _signalled, 1);
        _work.Set();
        _thread.Join();
        _work.Dispose();
    }

    public static RecordLogException Closed() => new(RecordLogError.Closed, "The log is closed.");

    private void Run()
    {
        var pace = new CommitPace(_options, TimeProvider.System, Thread.Sleep);
        while (true)
        {
            var quiet = !_work.IsSet;
            _work.Wait();
            pace.WaitForRound(quiet, () => PendingBytes, HasOtherWork);

            // The signal is taken back before anything is looked at: what is set or appended later signals again.
            _work.Reset();
            Interlocked.Exchange(ref _signalled, 0);
            bool last;
            lock (_gate)
            {
                last = _stopping;
            }

            try
            {
                RunRound();
                if (last)
                {
                    Finish();
                    return;
                }
            }
            catch (Exception error)
            {
                // Whatever it was, what is on disk is not known any more, and those who wait must hear of it.
                Fail(error);
                return;
            }
        }
    }

    private bool HasOtherWork()
    {
        lock (_gate)
        {
            return _stopping || _requests.Count > 0 || _standstills.Count > 0 || _capacityWaiters.Count > 0;
        }
    }

    private void RunRound()
    {
        // Requests first: what they stand on was appended before, so it is taken too.
        lock (_gate)
        {
            (_taken, _requests) = (_requests, []);
            AddRounds();
        }

        var started = Stopwatch.GetTimestamp();
        var full = _space.BelowFloor();
        foreach (var round in _rounds)
        {
            round.Write(full);
        }

        var synced = false;
        foreach (var round in _rounds)
        {
            synced |= round.Sync();
        }

        // Appends are durable now and need not wait for the commits. They are answered before a flush that follows them.
        _space.Note(_rounds);
        foreach (var round in _rounds)
        {
            Interlocked.Add(ref _pendingBytes, -round.Complete());
        }

        Commit(_taken);
        _taken = [];
        if (synced)
        {
            _metrics.Committed(Stopwatch.GetElapsedTime(started));
        }

        ReleaseWaiters();
        StandStill();
    }

    private void StandStill()
    {
        List<(Action Work, TaskCompletionSource Done)> standstills;
        lock (_gate)
        {
            if (_standstills.Count == 0)
            {
                return;
            }

            (standstills, _standstills) = (_standstills, []);
        }

        foreach (var (work, done) in standstills)
        {
            try
            {
                work();
                done.TrySetResult();
            }
            catch (Exception error)
            {
                done.TrySetException(error); // Theirs; the log goes on.
            }
        }
    }

    // Under _gate.
    private void AddRounds()
    {
        while (_rounds.Count < _topics.Count)
        {
            var (topic, writer) = _topics[_rounds.Count];
            _rounds.Add(new TopicRound(topic, writer, _metrics, _logger));
        }
    }

    private void Commit(List<CommitRequest> requests)
    {
        if (requests.Count == 0)
        {
            return;
        }

        var frames = new List<CommitRequest>(requests.Count);
        foreach (var request in requests)
        {
            if (request.Transaction?.Failure is { } failure)
            {
                request.Done.TrySetException(failure);
            }
            else if (request.WritesFrame)
            {
                frames.Add(request);
            }
        }

        if (frames.Count > 0)
        {
            try
            {
                _commits.Write(frames);
            }
            catch (IOException error) when (DiskErrors.IsDiskFull(error))
            {
                var full = new RecordLogException(
                    RecordLogError.DiskFull,
                    $"No space left to commit (file '{_commits.FilePath}'). Free space and commit again.", error);
                frames.ForEach(request => request.Done.TrySetException(full));
                frames.Clear();
            }
        }

        foreach (var request in frames)
        {
            if (request.Transaction is { } transaction)
            {
                transaction.MarkCommitted();
                foreach (var (topic, partition) in transaction.Partitions)
                {
                    topic.TransactionEnded(transaction, partition);
                    topic.WakeReaders();
                }
            }
        }

        requests.ForEach(request => request.Done.TrySetResult());
        _commits.RenewIfLong();
    }

    private void ReleaseWaiters()
    {
        List<TaskCompletionSource> waiters;
        lock (_gate)
        {
            if (_capacityWaiters.Count == 0)
            {
                return;
            }

            (waiters, _capacityWaiters) = (_capacityWaiters, []);
        }

        waiters.ForEach(waiter => waiter.TrySetResult());
    }

    private void Finish()
    {
        foreach (var round in _rounds)
        {
            try
            {
                round.Writer.WriteClosingFrame();
            }
            catch (IOException error) when (DiskErrors.IsDiskFull(error))
            {
                // Only evidence for the next start; without it the end is taken as it is.
                _logger.DiskIsFull(error);
            }
        }

        End(Closed());
    }

    private void Fail(Exception error)
    {
        var failure = error as RecordLogException ?? DiskErrors.WriteFailed(_options.Directory, error);
        _logger.JournalFailed(error);
        try
        {
            End(failure);
        }
        finally
        {
            _failed.TrySetResult(failure);
        }
    }

    // Answers everything that waits, whatever happens on the way, and refuses all that comes later.
    private void End(RecordLogException failure)
    {
        List<CommitRequest> requests;
        List<(Action Work, TaskCompletionSource Done)> standstills;
        lock (_gate)
        {
            (standstills, _standstills) = (_standstills, []);
            Volatile.Write(ref _failure, failure);
            _stopped = true;
            requests = [.. _taken, .. _requests];
            (_taken, _requests) = ([], []);

            // Also a topic that was added after the last round may hold appends.
            AddRounds();
        }

        try
        {
            foreach (var round in _rounds)
            {
                Interlocked.Add(ref _pendingBytes, -round.Close(failure));
            }
        }
        finally
        {
            requests.ForEach(request => request.Done.TrySetException(failure));
            standstills.ForEach(standstill => standstill.Done.TrySetException(failure));
            ReleaseWaiters();
        }
    }
}
