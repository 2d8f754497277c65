using Telemetry.Streams;
using Telemetry.Streams.Journal.Core;

namespace Telemetry.Tests.Streams;

public sealed class CommitPaceTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2.5);

    private static readonly JournalOptions Options = new()
    {
        Directory = "-",
        CommitInterval = Step,
        CommitIntervalMax = TimeSpan.FromMilliseconds(20),
        CommitBytes = 16_384,
    };

    private readonly ManualTime _time = new();
    private long _pending;
    private double _bytesPerMs;
    private bool _otherWork;

    [Fact]
    public void Record_after_a_quiet_time_is_written_at_once()
    {
        Round(quiet: true).ShouldBe(TimeSpan.Zero);
        _time.Advance(Step);

        Round(quiet: true).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Round_waits_for_a_block_of_records_that_keep_coming_but_no_longer_than_the_most()
    {
        _bytesPerMs = 250;
        Round(quiet: true);

        Round(quiet: false).ShouldBe(Options.CommitIntervalMax);
        _pending.ShouldBeInRange(4_500, 5_500);
    }

    [Fact]
    public void Round_of_senders_that_wait_for_their_answers_begins_after_three_steps_without_a_record()
    {
        Round(quiet: true);
        _pending = 900;

        Round(quiet: false).ShouldBe(4 * Step);
    }

    [Fact]
    public void Round_begins_after_one_step_when_there_is_enough_to_write()
    {
        _bytesPerMs = 10_000;
        Round(quiet: true);

        Round(quiet: false).ShouldBe(Step);
    }

    [Fact]
    public void Commit_does_not_wait_for_records()
    {
        _bytesPerMs = 250;
        _otherWork = true;
        Round(quiet: true);

        Round(quiet: false).ShouldBe(Step);
    }

    [Fact]
    public void Without_an_interval_nothing_waits()
    {
        _bytesPerMs = 250;
        var pace = Pace(Options with { CommitInterval = TimeSpan.Zero });
        Round(pace, quiet: true);

        Round(pace, quiet: false).ShouldBe(TimeSpan.Zero);
    }

    private CommitPace? _pace;

    private TimeSpan Round(bool quiet) => Round(_pace ??= Pace(Options), quiet);

    /// <returns>How long the round was waited for; the writer takes everything that had come by then.</returns>
    private TimeSpan Round(CommitPace pace, bool quiet)
    {
        var from = _time.GetTimestamp();
        _pending = quiet ? 90 : Math.Max(_pending, 90);
        pace.WaitForRound(quiet, () => _pending, () => _otherWork);
        return _time.GetElapsedTime(from);
    }

    private CommitPace Pace(JournalOptions options) => new(options, _time, wait =>
    {
        _time.Advance(wait);
        _pending += (long)(_bytesPerMs * wait.TotalMilliseconds);
    });
}
