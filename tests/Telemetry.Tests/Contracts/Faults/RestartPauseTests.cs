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

    private double FailAfter(TimeSpan time)
    {
        _pause.Started();
        _clock.Advance(time);
        return _pause.Failed().TotalMilliseconds;
    }
}
