using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Commits;

/// <summary>
/// The file that says what is committed. A transaction is committed when its one frame here is durable; what has no frame
/// never happened. A new file begins with the whole state, is made under another name and renamed, so that there is always
/// one that is complete; the highest number counts.
/// </summary>
internal sealed class CommitFile : IDisposable
{
    private const string Suffix = ".commits";

    private readonly IJournalFiles _files;
    private readonly string _directory;
    private readonly long _fileBytes;
    private readonly Lock _gate = new();
    private readonly CommitState _state;
    private IJournalFile _file;
    private string _path;
    private long _number;
    private long _position;
    private long _durable;
    private long _startLength;

    private CommitFile(IJournalFiles files, string directory, long fileBytes, CommitState state, long number)
    {
        (_files, _directory, _fileBytes, _state) = (files, directory, fileBytes, state);
        (_number, _file, _path) = (number, null!, "");
        Transactions.Load(state.Session, state.Aborted);
        Begin();
    }

    public TransactionTable Transactions { get; } = new();

    public string FilePath => _path;

    public static CommitFile Open(IJournalFiles files, string directory, long fileBytes, ILogger logger)
    {
        files.CreateDirectory(directory);
        var numbers = files.List(directory)
            .Where(path => path.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(path => long.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture))
            .Order().ToList();
        var state = numbers.Count == 0 ? new CommitState() : Load(files, PathOf(directory, numbers[^1]), numbers[^1], logger);
        state.Session++;
        var opened = new CommitFile(files, directory, fileBytes, state, numbers.Count == 0 ? 0 : numbers[^1]);
        foreach (var number in numbers)
        {
            files.Delete(PathOf(directory, number));
        }

        return opened;
    }

    public Dictionary<TopicPartition, CommittedOffset> Committed(string group, IReadOnlyList<TopicPartition> partitions)
    {
        lock (_gate)
        {
            var found = new Dictionary<TopicPartition, CommittedOffset>();
            if (_state.Groups.TryGetValue(group, out var entries))
            {
                foreach (var partition in partitions)
                {
                    if (entries.TryGetValue(partition, out var committed))
                    {
                        found[partition] = committed;
                    }
                }
            }

            return found;
        }
    }

    /// <summary>Writes one frame per request and makes them durable with one fsync.</summary>
    /// <exception cref="IOException">The disk is full (nothing of it is in the file), or the write failed.</exception>
    public void Write(List<CommitRequest> requests)
    {
        var start = _position;
        try
        {
            foreach (var request in requests)
            {
                var frame = CommitFrames.Commit(request.Transaction?.Id ?? 0, request.Offsets);
                FrameFormat.Seal(frame, _number, _position, _durable);
                _file.Write(_position, frame);
                _position += frame.Length;
            }
        }
        catch (IOException error) when (DiskErrors.IsDiskFull(error))
        {
            // Durably gone: the commit is answered with an error, so no later start may find it.
            _position = start;
            DiskErrors.Cut(_file, _path, start);
            throw;
        }

        DiskErrors.Sync(_file, _path);
        _durable = _position;
        lock (_gate)
        {
            foreach (var request in requests)
            {
                foreach (var offsets in request.Offsets)
                {
                    _state.Apply(offsets);
                }

                if (request.Transaction is { } transaction)
                {
                    Transactions.Committed(transaction.Id);
                }
            }
        }
    }

    /// <summary>Begins a new file when this one is long.</summary>
    public void RenewIfLong()
    {
        if (_position - _startLength < _fileBytes)
        {
            return;
        }

        var old = _file;
        var oldPath = _path;
        try
        {
            Begin();
        }
        catch (IOException error) when (DiskErrors.IsDiskFull(error))
        {
            // The old file goes on; the next round tries again.
            return;
        }

        old.Dispose();
        _files.Delete(oldPath);
    }

    public void Dispose() => _file.Dispose();

    private static string PathOf(string directory, long number) =>
        Path.Combine(directory, number.ToString("D12", System.Globalization.CultureInfo.InvariantCulture) + Suffix);

    private static CommitState Load(IJournalFiles files, string path, long number, ILogger logger)
    {
        using var file = files.Open(path);
        CommitState? state = null;
        var committed = new HashSet<long>();
        var end = FrameScan.Run(file, path, number, (in FrameHeader header, ReadOnlySpan<byte> frame, long _) =>
        {
            if ((CommitFrameKind)header.Count == CommitFrameKind.State)
            {
                state = CommitFrames.ReadState(frame);
                return;
            }

            foreach (var commit in CommitFrames.ReadCommit(frame))
            {
                state!.Apply(commit);
            }

            if (header.Transaction != 0)
            {
                committed.Add(header.Transaction);
            }
        });
        if (state is null)
        {
            throw FrameScan.Damaged(path, 0, "a commit file begins with the whole state");
        }

        if (end < file.Length)
        {
            logger.TailCut(path, end, file.Length - end);
        }

        state.AbortUnsettled(committed);
        return state;
    }

    // Written under another name first: a file of this kind is complete or not there.
    private void Begin()
    {
        var number = _number + 1;
        (var aborted, var open, _state.SettledThrough) = Transactions.Snapshot();
        (_state.Aborted, _state.Open) = ([.. aborted], [.. open]);
        var frame = CommitFrames.State(_state);
        FrameFormat.Seal(frame, number, 0, 0);

        var path = PathOf(_directory, number);
        var making = path + ".new";
        var file = _files.Open(making);
        try
        {
            file.SetLength(0);
            file.Write(0, frame);
            DiskErrors.Sync(file, making);
            _files.Move(making, path);
        }
        catch
        {
            file.Dispose();
            _files.Delete(making);
            throw;
        }

        // From here on a start reads the new file, so the old one cannot go on: what fails now ends the log.
        DiskErrors.SyncDirectory(_files, _directory);

        (_file, _path, _number) = (file, path, number);
        _position = _durable = _startLength = frame.Length;
    }
}
