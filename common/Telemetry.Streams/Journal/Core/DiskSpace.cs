using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.Journal.Core;

/// <summary>Watches the free bytes of the log's file system, and says once when it is full and when it is not any more.</summary>
internal sealed class DiskSpace(JournalOptions options, IJournalFiles files, ILogger logger)
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);

    private bool _full;
    private long _checkedAt;

    /// <summary>Why appends must fail now; null when there is room, as far as known from the last look.</summary>
    public RecordLogException? BelowFloor()
    {
        if (options.FreeBytesMin == 0
            || (!_full && _checkedAt != 0 && Stopwatch.GetElapsedTime(_checkedAt) < CheckInterval))
        {
            return null;
        }

        _checkedAt = Stopwatch.GetTimestamp();
        var free = files.FreeBytes(options.Directory);
        return free >= options.FreeBytesMin
            ? null
            : new RecordLogException(
                RecordLogError.DiskFull,
                $"The file system of '{options.Directory}' has {free} bytes free, less than the floor of " +
                $"{options.FreeBytesMin}. Nothing acknowledged is lost; free space and append again.");
    }

    public void Note(List<TopicRound> rounds)
    {
        var failure = rounds.Find(round => round.Failure is not null)?.Failure;
        if (failure is not null && !_full)
        {
            _full = true;
            logger.DiskIsFull(failure);
        }
        else if (_full && failure is null && rounds.Exists(round => round.HasWritten))
        {
            _full = false;
            logger.DiskHasSpace();
        }
    }
}
