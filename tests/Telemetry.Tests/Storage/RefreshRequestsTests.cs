using Telemetry.Storage.Sink;

namespace Telemetry.Tests.Storage;

public sealed class RefreshRequestsTests
{
    private readonly RefreshRequests _requests = new();

    [Fact]
    public void Reader_waits_for_the_insert_that_was_sent_after_it_came()
    {
        _requests.Sent();
        var reader = _requests.Add();
        _requests.Stored();

        reader.IsCompleted.ShouldBeFalse();
        _requests.Any.ShouldBeTrue();

        _requests.Sent();
        _requests.Any.ShouldBeFalse();
        reader.IsCompleted.ShouldBeFalse();
        _requests.Stored();
        reader.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void Session_that_is_over_keeps_no_reader()
    {
        var sent = _requests.Add();
        _requests.Sent();
        var waiting = _requests.Add();

        _requests.End();

        sent.IsCompletedSuccessfully.ShouldBeTrue();
        waiting.IsCompletedSuccessfully.ShouldBeTrue();
        _requests.Add().IsCompletedSuccessfully.ShouldBeTrue();
    }
}
