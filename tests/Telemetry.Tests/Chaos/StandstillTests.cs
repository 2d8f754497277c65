using Telemetry.Chaos.Runs;
using Telemetry.Tests.Simulator;

namespace Telemetry.Tests.Chaos;

public sealed class StandstillTests
{
    [Fact]
    public void Counts_from_the_first_growth_and_takes_the_longest()
    {
        var time = new ManualTime();
        var standstill = new Standstill(time);

        Look(0, after: 5); // Nothing has begun.
        Look(10, after: 5);
        Look(10, after: 2);
        Look(0, after: 2); // No answer is no growth.
        Look(11, after: 1);
        Look(12, after: 1);

        standstill.Longest.ShouldBe(TimeSpan.FromSeconds(5));

        Look(12, after: 7);

        standstill.Longest.ShouldBe(TimeSpan.FromSeconds(7));

        void Look(long count, int after)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            standstill.Look(count);
        }
    }
}
