using Telemetry.Query.Live;
using Telemetry.Query.Problems;

namespace Telemetry.Tests.Query;

public sealed class LiveHubTests
{
    [Fact]
    public void Backlog_is_bounded_and_what_does_not_fit_is_counted_once()
    {
        var client = new LiveHub(1, backlogMax: 3).Join("d", null);
        for (var i = 0; i < 10; i++)
        {
            client.Offer(new LiveItem("d", "s", i, i, default));
        }

        client.Items.Count.ShouldBe(3);
        client.TakeDropped().ShouldBe(7);
        client.TakeDropped().ShouldBe(0);
    }

    [Fact]
    public void Clients_beyond_the_bound_are_refused_with_a_time_to_come_back()
    {
        var hub = new LiveHub(1, 3);
        var client = hub.Join(null, null);

        Should.Throw<ApiProblem>(() => hub.Join(null, null)).RetryAfter.ShouldNotBeNull();
        hub.Leave(client);
        hub.Join(null, null);
        hub.Clients.Length.ShouldBe(1);
    }
}
