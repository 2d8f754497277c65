using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Tests.Streams;

namespace Telemetry.Tests.Storage;

public sealed class ReaderPauseTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly ReaderPause _readers;
    private readonly TaskCompletionSource _refresh = new();
    private int _asked;

    public ReaderPauseTests()
    {
        _readers = new ReaderPause(_time);
        _readers.Note();
        _readers.Use(Pause, () =>
        {
            _asked++;
            return _refresh.Task;
        });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task First_reader_after_a_pause_and_those_beside_it_wait_for_what_was_held_back()
    {
        _time.Advance(Pause + TimeSpan.FromSeconds(1));

        var first = _readers.BeginAsync(Token).AsTask();
        var second = _readers.BeginAsync(Token).AsTask();

        (first.IsCompleted, second.IsCompleted, _asked).ShouldBe((false, false, 1));
        _refresh.SetResult();
        await first;
        await second;
        _readers.LastRead.ShouldBe(_time.GetUtcNow());
    }

    [Fact]
    public void Reader_within_the_pause_does_not_wait()
    {
        _time.Advance(Pause);

        _readers.BeginAsync(Token).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
        _asked.ShouldBe(0);
    }

    [Fact]
    public async Task Store_that_cannot_write_delays_a_reader_only_for_a_moment()
    {
        _time.Advance(Pause + TimeSpan.FromSeconds(1));

        await _readers.BeginAsync(Token);

        _refresh.Task.IsCompleted.ShouldBeFalse();
        _asked.ShouldBe(1);
    }

    [Fact]
    public async Task Reader_that_gives_up_does_not_wait()
    {
        _time.Advance(Pause + TimeSpan.FromSeconds(1));

        await Should.ThrowAsync<OperationCanceledException>(_readers.BeginAsync(new CancellationToken(canceled: true)).AsTask());
    }
}
