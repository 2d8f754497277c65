using Telemetry.Contracts.Faults;
using Telemetry.Tests.Mqtt;

namespace Telemetry.Tests.Contracts.Faults;

public sealed class RestartPauseTests
{
    private readonly ManualClock _clock = new();
    private readonly RestartPause _pause;

    public RestartPauseTests() => _pause = new RestartPause(
        TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), well: TimeSpan.FromSeconds(10), _clock);

    [Fact]
    public void Work_that_keeps_failing_is_started_ever_later_up_to_the_bound()
    {
        double[] pauses = [.. Enumerable.Range(0, 5).Select(_ => FailAfter(TimeSpan.FromMilliseconds(30)))];

        pauses.ShouldBe([200, 400, 800, 1000, 1000]);
        _pause.Failures.ShouldBe(5);
        _pause.HasRunWell.ShouldBeFalse();
    }

    [Fact]
    public void Work_that_ran_well_begins_anew()
    {
        FailAfter(TimeSpan.Zero);
        FailAfter(TimeSpan.Zero);

        FailAfter(TimeSpan.FromSeconds(10)).ShouldBe(200);
        _pause.Failures.ShouldBe(1);
        _pause.HasRunWell.ShouldBeTrue();
    }

    [Fact]
    public void Work_that_got_something_done_begins_anew_however_short_it_ran()
    {
        FailAfter(TimeSpan.Zero);
        FailAfter(TimeSpan.Zero);

        FailAfter(TimeSpan.Zero, progresses: true).ShouldBe(200);
        _pause.Failures.ShouldBe(1);
        _pause.HasRunWell.ShouldBeTrue();
        FailAfter(TimeSpan.Zero).ShouldBe(400);
    }

    [Fact]
    public void Start_that_takes_long_and_fails_is_not_work_that_ran_well()
    {
        FailAfter(TimeSpan.FromSeconds(9)).ShouldBe(200);
        _clock.Advance(TimeSpan.FromMinutes(1));

        _pause.Failed().TotalMilliseconds.ShouldBe(400);
        _pause.HasRunWell.ShouldBeFalse();
    }

    private double FailAfter(TimeSpan time, bool progresses = false)
    {
        _pause.Started();
        _clock.Advance(time);
        if (progresses)
        {
            _pause.Progressed();
        }

        return _pause.Failed().TotalMilliseconds;
    }
}
