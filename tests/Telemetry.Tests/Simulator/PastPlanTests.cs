using Telemetry.Simulator.History;
using Telemetry.Simulator.Options;

namespace Telemetry.Tests.Simulator;

public sealed class PastPlanTests
{
    [Fact]
    public void Past_is_played_at_the_pace_of_the_fleet_and_ends_at_the_real_now()
    {
        var past = PastPlan.Of(new SimulatorOptions { History = TimeSpan.FromHours(6), HistoryWithin = TimeSpan.FromSeconds(40) })!;

        // Six hours and the 40 s that playing takes, in 40 s.
        (past.Fleet.Duration!.Value / past.Speed).ShouldBe(TimeSpan.FromSeconds(40), TimeSpan.FromMilliseconds(1));
        past.Fleet.Duration.ShouldBe(TimeSpan.FromHours(6) + TimeSpan.FromSeconds(40));
        past.Fleet.Devices.ShouldBe(100);
        (past.Fleet.PublishInterval / past.Fleet.ReadingsPerPublish).ShouldBe(TimeSpan.FromSeconds(3.6), TimeSpan.FromMilliseconds(1));

        // The real time between two publishes of a device is that of the live fleet.
        (past.Fleet.PublishInterval / past.Speed).ShouldBe(TimeSpan.FromSeconds(3.6), TimeSpan.FromSeconds(0.2));
        (past.Fleet.DrainTimeout / past.Speed).ShouldBe(TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(1));
        past.Fleet.History.ShouldBeNull();
    }

    [Fact]
    public void Past_is_bounded_however_long_it_is_and_however_fast_the_fleet()
    {
        var past = PastPlan.Of(new SimulatorOptions { History = TimeSpan.FromDays(31), HistoryDevices = 1000, RatePerHour = 1e10 })!;

        var readings = past.Span.TotalSeconds / past.Fleet.PublishInterval.TotalSeconds * past.Fleet.ReadingsPerPublish * past.Fleet.Devices;
        readings.ShouldBeLessThanOrEqualTo(PastPlan.ReadingsMax * 1.001);
        past.Fleet.ReadingsPerPublish.ShouldBeInRange(1, 1000);
    }

    [Theory]
    [InlineData(null, 1000)]
    [InlineData(0, 1000)]
    [InlineData(6, 0)]
    public void Without_a_span_or_with_an_unbounded_rate_there_is_no_past(int? hours, double rate) =>
        PastPlan.Of(new SimulatorOptions { History = hours is { } h ? TimeSpan.FromHours(h) : null, RatePerHour = rate }).ShouldBeNull();

    [Fact]
    public async Task Fast_time_shows_and_waits_by_its_own_clock()
    {
        var real = new ManualTime();
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var fast = new FastTime(real, start, 600);
        real.Advance(TimeSpan.FromSeconds(1));
        fast.GetUtcNow().ShouldBe(start.AddMinutes(10));
        fast.GetElapsedTime(0).ShouldBe(TimeSpan.FromMinutes(10));

        var waiting = new FastTime(TimeProvider.System, start, 3600);
        await Task.Delay(TimeSpan.FromHours(1), waiting, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        waiting.GetUtcNow().ShouldBeGreaterThan(start.AddMinutes(59));
    }
}
