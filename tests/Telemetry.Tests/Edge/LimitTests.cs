using Telemetry.Edge;
using Telemetry.Edge.Security.Limits;

namespace Telemetry.Tests.Edge;

public sealed class LimitTests
{
    [Fact]
    public void Bucket_gives_its_burst_and_then_its_rate_and_takes_debts()
    {
        var bucket = new TokenBucket(10, 5, 0);
        Enumerable.Range(0, 7).Count(_ => bucket.TryTake(0)).ShouldBe(5);
        bucket.TryTake(99).ShouldBeFalse();
        bucket.TryTake(100).ShouldBeTrue();
        bucket.Charge(20, 100).ShouldBe(2_000);
        bucket.Charge(0, 1_100).ShouldBe(1_000);
        bucket.IsFull(2_599).ShouldBeFalse();
        bucket.IsFull(2_600).ShouldBeTrue();
        // A clock that stands or goes back gives nothing.
        bucket.Charge(5, 0).ShouldBe(0);
        bucket.TryTake(0).ShouldBeFalse();
    }

    [Fact]
    public void Those_who_rest_are_forgotten_and_those_who_are_connected_are_not()
    {
        var table = new ScopeTable<int>(new ScopeLimitOptions { Connections = 1, ConnectsPerSecond = 1 }, 1);
        table.TryEnter(-1, 0, out var stays, out _).ShouldBeTrue();
        for (var i = 0; i < 100_000; i++)
        {
            // Each comes once, and is gone a second later.
            table.TryEnter(i, i, out var use, out _).ShouldBeTrue();
            use!.Leave();
        }

        table.Count.ShouldBeLessThan(5_000);
        table.TryEnter(-1, 100_000, out _, out var kind).ShouldBeFalse();
        kind.ShouldBe(LimitKind.Connections);
        stays!.Leave();
        table.TryEnter(-1, 100_000, out _, out _).ShouldBeTrue();
    }

    [Fact]
    public void Without_limits_nothing_is_kept()
    {
        var table = new ScopeTable<int>(new ScopeLimitOptions(), 1);
        table.TryEnter(1, 0, out var use, out _).ShouldBeTrue();
        use.ShouldBeNull();
        table.Count.ShouldBe(0);
    }
}
