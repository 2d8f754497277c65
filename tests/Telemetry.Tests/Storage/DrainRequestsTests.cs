using Telemetry.Storage.Sink;

namespace Telemetry.Tests.Storage;

public sealed class DrainRequestsTests
{
    [Fact]
    public async Task Drain_asked_for_when_the_session_has_ended_fails_at_once()
    {
        var drains = new DrainRequests();
        var before = drains.Add();
        drains.Fail();

        await Should.ThrowAsync<OperationCanceledException>(before);
        await Should.ThrowAsync<OperationCanceledException>(drains.Add());
        drains.Any.ShouldBeFalse();
    }
}
