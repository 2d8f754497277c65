using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge.Sockets;

namespace Telemetry.Tests.Edge;

public sealed class SocketBudgetTests
{
    [Theory]
    [InlineData(1_024, 240, 0, 1_024 - 240 - 256)]
    [InlineData(20_000, 300, 0, 20_000 - 300 - 2_048)]
    [InlineData(1_000_000, 300, 0, 1_000_000 - 300 - 2_048)]
    [InlineData(4_096, 300, 1_000, 3_096)]
    // A reserve that leaves nothing: some are served all the same.
    [InlineData(256, 300, 0, 64)]
    [InlineData(1_024, 0, 5_000, 256)]
    [InlineData(long.MaxValue, 0, 0, int.MaxValue)]
    public void Sockets_are_what_the_limit_of_files_leaves_after_the_reserve(long files, int open, int reserved, int sockets) =>
        SocketBudget.LimitOf(files, open, reserved).ShouldBe(sockets);

    [Fact]
    public void Shares_leave_some_to_each_other_and_never_take_more_than_there_is()
    {
        using var budget = new SocketBudget(100, NullLoggerFactory.Instance, TimeProvider.System);
        var mqtt = budget.Share("mqtt");
        var http = budget.Share("http", 50);
        Take(mqtt, 200).ShouldBe(88);
        Take(http, 200).ShouldBe(12);
        budget.Open.ShouldBe(100);
        (mqtt.Refused, http.Refused).ShouldBe((112, 188));
        for (var i = 0; i < 88; i++)
        {
            mqtt.Return();
        }

        Take(http, 200).ShouldBe(38);
        (mqtt.Open, http.Open, budget.Open).ShouldBe((0, 50, 50));
    }

    [Fact]
    public void Threads_together_take_what_there_is_and_no_more()
    {
        using var budget = new SocketBudget(1_000, NullLoggerFactory.Instance, TimeProvider.System);
        var shares = new[] { budget.Share("a", 800), budget.Share("b", 800) };
        Parallel.For(0, 10_000, i =>
        {
            var share = shares[i % 2];
            if (share.TryTake(null) && i % 3 == 0)
            {
                share.Return();
            }

            budget.Open.ShouldBeLessThanOrEqualTo(1_000 + Environment.ProcessorCount * 4);
        });
        Take(shares[0], 1_000);
        Take(shares[1], 1_000);
        budget.Open.ShouldBe(1_000);
        shares.Sum(s => s.Open).ShouldBe(1_000);
    }

    private static int Take(SocketShare share, int times) => Enumerable.Range(0, times).Count(_ => share.TryTake(null));
}
