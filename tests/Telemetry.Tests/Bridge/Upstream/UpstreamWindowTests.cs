using Telemetry.Bridge.Upstream;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge.Upstream;

public sealed class UpstreamWindowTests
{
    private static readonly IngestResult Stored = new(IngestOutcome.Stored);

    private readonly UpstreamWindow<string> _window = new(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Oldest_message_holds_back_those_behind_it()
    {
        var first = await _window.EnterAsync("first", Cancel);
        var second = await _window.EnterAsync("second", Cancel);
        var next = _window.NextAsync(Cancel).AsTask();
        _window.Ingested(Stored, second);
        next.IsCompleted.ShouldBeFalse();

        _window.Ingested(new IngestResult(IngestOutcome.RejectedPayload), first);

        (await next).ShouldBe("first");
        _window.Release();
        (await _window.NextAsync(Cancel)).ShouldBe("second");
    }

    [Fact]
    public async Task Message_not_taken_ends_it_and_those_before_it_are_still_acknowledged()
    {
        var first = await _window.EnterAsync("first", Cancel);
        _window.Ingested(new IngestResult(IngestOutcome.Failed), await _window.EnterAsync("second", Cancel));
        _window.Ingested(Stored, first);

        (await _window.NextAsync(Cancel)).ShouldBe("first");
        _window.Release();
        (await _window.NextAsync(Cancel)).ShouldBeNull();
        _window.Waiting.ShouldBe(1);
    }

    [Fact]
    public async Task Full_window_takes_the_next_message_when_the_oldest_is_acknowledged()
    {
        _window.Ingested(Stored, await _window.EnterAsync("first", Cancel));
        await _window.EnterAsync("second", Cancel);
        var third = _window.EnterAsync("third", Cancel).AsTask();
        (await _window.NextAsync(Cancel)).ShouldBe("first");
        third.IsCompleted.ShouldBeFalse();

        _window.Release();

        (await third).ShouldBe(2UL);
        _window.Waiting.ShouldBe(2);
    }
}
