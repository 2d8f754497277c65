using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Tests.Streams.StoreAndForward;

public sealed class DrainPaceTests
{
    [Fact]
    public void Backlog_goes_at_the_rate_and_waits_when_it_is_ahead()
    {
        var pace = new DrainPace(1_000_000, new StillTime());

        pace.SentAsync(40_000, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
        pace.SentAsync(40_000, CancellationToken.None).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void Rate_is_never_less_than_twice_what_comes_in()
    {
        var pace = new DrainPace(1_000, new StillTime());
        pace.Arriving(500_000);

        pace.SentAsync(40_000, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void Rate_of_zero_waits_for_nothing() =>
        new DrainPace(0, new StillTime()).SentAsync(int.MaxValue, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();

    private sealed class StillTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
