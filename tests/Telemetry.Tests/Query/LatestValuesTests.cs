using Telemetry.Contracts.Readings;
using Telemetry.Query.Live;

namespace Telemetry.Tests.Query;

public sealed class LatestValuesTests
{
    [Fact]
    public void Newest_event_time_wins_whatever_the_order_of_arrival()
    {
        var latest = new LatestValues(10);
        var writer = latest.Device("press-07"u8);
        writer.Offer("temperature"u8, new LatestValue(200, 7, 2, Quality.Good));
        writer.Offer("temperature"u8, new LatestValue(100, 7, 1, Quality.Good));

        latest.Of("press-07", "temperature").ShouldBe(new LatestValue(200, 7, 2, Quality.Good));
        latest.Of("press-07", "pressure").ShouldBeNull();
        latest.Of("press-08", "temperature").ShouldBeNull();
    }

    [Fact]
    public void At_the_same_event_time_the_higher_sequence_wins_as_in_the_store()
    {
        var latest = new LatestValues(10);
        var writer = latest.Device("press-07"u8);
        writer.Offer("temperature"u8, new LatestValue(200, 8, 1, Quality.Good));
        writer.Offer("temperature"u8, new LatestValue(200, 7, 99, Quality.Good));

        latest.Of("press-07", "temperature")!.Value.Value.ShouldBe(1);
    }

    [Fact]
    public void Series_beyond_the_bound_are_left_out_and_known_ones_go_on()
    {
        var latest = new LatestValues(2);
        latest.Device("a"u8).Offer("x"u8, new LatestValue(1, 7, 1, Quality.Good));
        latest.Device("a"u8).Offer("y"u8, new LatestValue(1, 7, 1, Quality.Good));
        latest.Device("a"u8).Offer("z"u8, new LatestValue(1, 7, 1, Quality.Good));
        latest.Device("b"u8).Offer("x"u8, new LatestValue(1, 7, 1, Quality.Good));
        latest.Device("a"u8).Offer("x"u8, new LatestValue(2, 7, 2, Quality.Good));

        latest.Of("a").Count.ShouldBe(2);
        latest.Of("b").ShouldBeEmpty();
        latest.Of("a", "x")!.Value.Value.ShouldBe(2);
    }
}
