namespace Telemetry.Streams.Journal.Core;

/// <summary>
/// When the writer begins a round. A file system writes whole blocks of 4 KiB, so a round of ten small records costs the disk as much as one of a page. While
/// records keep coming a round therefore waits for more of them, in steps of <see cref="JournalOptions.CommitInterval"/>. Senders that wait for their answers before they go on send
/// nothing for a few steps, and their round begins; a fleet that sends every 10 ms goes on within them.
/// </summary>
/// <param name="options">Intervals and bytes.</param>
/// <param name="time">Clock; the disk's pace is that of the system clock.</param>
/// <param name="sleep">Waits.</param>
internal sealed class CommitPace(JournalOptions options, TimeProvider time, Action<TimeSpan> sleep)
{
    /// <summary>Steps without a record that end the wait.</summary>
    private const int EmptyStepsMax = 3;

    private long? _last;

    /// <summary>Returns when the next round is due.</summary>
    /// <param name="quiet">True: nothing had come when the last round was over.</param>
    /// <param name="pendingBytes">Bytes that wait to be written.</param>
    /// <param name="hasOtherWork">True: something waits that is no record, a commit for example.</param>
    public void WaitForRound(bool quiet, Func<long> pendingBytes, Func<bool> hasOtherWork)
    {
        if (_last is { } last && !(quiet && time.GetElapsedTime(last) >= options.CommitInterval))
        {
            SleepUntil(last, options.CommitInterval);
            Gather(last, pendingBytes, hasOtherWork);
        }

        _last = time.GetTimestamp();
    }

    private void Gather(long last, Func<long> pendingBytes, Func<bool> hasOtherWork)
    {
        var (before, empty) = (0L, 0);
        var due = options.CommitInterval;
        while (due > TimeSpan.Zero && due < options.CommitIntervalMax && !hasOtherWork() && pendingBytes() is var pending && pending < options.CommitBytes)
        {
            empty = pending > before ? 0 : empty + 1;
            if (empty == EmptyStepsMax)
            {
                return;
            }

            before = pending;
            due = time.GetElapsedTime(last) + options.CommitInterval;
            SleepUntil(last, due < options.CommitIntervalMax ? due : options.CommitIntervalMax);
        }
    }

    private void SleepUntil(long last, TimeSpan due)
    {
        var rest = due - time.GetElapsedTime(last);
        if (rest > TimeSpan.Zero)
        {
            sleep(rest);
        }
    }
}
