using Telemetry.Chaos.Reports;
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

    [Fact]
    public void Gives_a_fault_the_whole_standstill_it_touches()
    {
        var time = new ManualTime();
        var standstill = new Standstill(time);
        Look(1, after: 1);
        Look(1, after: 4);
        var fault = time.GetTimestamp();
        Look(1, after: 3);
        Look(2, after: 1);
        var next = time.GetTimestamp();
        Look(3, after: 0.5);
        Look(3, after: 6);

        standstill.LongestBetween(fault, next).ShouldBe(TimeSpan.FromSeconds(8));
        standstill.LongestBetween(next, null).ShouldBe(TimeSpan.FromSeconds(6));
        standstill.LongestBetween(time.GetTimestamp(), null).ShouldBe(TimeSpan.Zero);

        void Look(long count, double after)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            standstill.Look(count);
        }
    }

    [Fact]
    public void Names_median_and_worst_of_the_faults_of_a_kind()
    {
        var figures = StandstillFigures.Of([Fault(3, 8), Fault(1, 4), Fault(2, 20), Fault(10, 6)]);

        figures.ShouldBe(new StandstillFigures(4, 2.5, 10, 7, 20));

        static PlayedFault Fault(double unacknowledged, double unstored) =>
            new(0, "kill-broker", "broker-1", 1, null) { Unacknowledged = unacknowledged, Unstored = unstored };
    }
}
