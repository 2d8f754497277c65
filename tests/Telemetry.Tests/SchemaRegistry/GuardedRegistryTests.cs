using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.Tests.SchemaRegistry;

public sealed class GuardedRegistryTests : IDisposable
{
    private static readonly SchemaRegistryOptions Options = new()
    {
        Urls = [new Uri("http://127.0.0.1:9")],
        RequestTimeout = TimeSpan.FromSeconds(1),
        RetryMin = TimeSpan.FromSeconds(1),
        RetryMax = TimeSpan.FromSeconds(5),
    };

    private static readonly SchemaRegistryException NoAnswer = new(0, true, "no answer");
    private static readonly SchemaRegistryException Denied = new(403, false, "denied");

    private readonly SteppedTime _time = new();
    private readonly RegistryMetrics _metrics = new(() => 0, () => 0);
    private readonly SchemaRegistryClient _client = new(Options);
    private readonly GuardedRegistry _registry;
    private int _asked;

    public GuardedRegistryTests() => _registry = new GuardedRegistry(_client, Options, _metrics, _time);

    public void Dispose()
    {
        _client.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Failures_cost_one_question_a_pause_and_the_pauses_grow_to_the_longest()
    {
        (await FailAsync()).ShouldBe(TimeSpan.FromSeconds(1));
        (await FailAsync()).ShouldBe(TimeSpan.FromSeconds(1));
        foreach (var seconds in (int[])[2, 4, 5, 5])
        {
            await ShouldRefuseAsync();
            _time.Step(TimeSpan.FromSeconds(5));
            (await FailAsync()).ShouldBe(TimeSpan.FromSeconds(seconds));
        }

        _asked.ShouldBe(6);
    }

    [Fact]
    public async Task After_an_answer_the_first_failure_opens_it()
    {
        await AnswerAsync();
        await FailAsync();
        (await ShouldRefuseAsync()).ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task After_the_pause_one_question_goes_through_and_the_others_wait_for_what_it_learns()
    {
        await AnswerAsync();
        await FailAsync();
        _time.Step(TimeSpan.FromSeconds(1));
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _registry.AskAsync((_, _) => answer.Task, TestContext.Current.CancellationToken);
        (await ShouldRefuseAsync()).ShouldBe(TimeSpan.FromSeconds(1));

        answer.SetResult(7);
        (await first).ShouldBe(7);
        await AnswerAsync();
        (await FailAsync()).ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_error_that_is_an_answer_closes_it_and_is_asked_again_after_the_longest_pause()
    {
        await AnswerAsync();
        await FailAsync();
        _time.Step(TimeSpan.FromSeconds(1));
        var denied = await Should.ThrowAsync<SchemaRegistryException>(() => AskAsync(Denied));
        _registry.PauseAfter(denied).ShouldBe(TimeSpan.FromSeconds(5));
        await AnswerAsync();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_prolong_a_pause()
    {
        await AnswerAsync();
        await FailAsync();
        _time.SetBack(TimeSpan.FromHours(1));
        (await ShouldRefuseAsync()).ShouldBe(TimeSpan.FromSeconds(1));
        _time.Step(TimeSpan.FromSeconds(1));
        await AnswerAsync();
    }

    private Task<int> AnswerAsync() => AskAsync(null);

    /// <summary>Returns when to ask again.</summary>
    private async Task<TimeSpan> FailAsync()
    {
        var failure = await Should.ThrowAsync<SchemaRegistryException>(() => AskAsync(NoAnswer));
        failure.ShouldBeSameAs(NoAnswer);
        return _registry.PauseAfter(failure);
    }

    /// <summary>Returns how long to wait.</summary>
    private async Task<TimeSpan> ShouldRefuseAsync()
    {
        var before = _asked;
        var refused = await Should.ThrowAsync<SchemaRegistryException>(AnswerAsync);
        refused.IsTransient.ShouldBeTrue();
        refused.Message.ShouldContain("http://127.0.0.1:9/");
        _asked.ShouldBe(before);
        return _registry.PauseAfter(refused);
    }

    private Task<int> AskAsync(SchemaRegistryException? error) => _registry.AskAsync(
        (_, _) =>
        {
            _asked++;
            return error is null ? Task.FromResult(1) : Task.FromException<int>(error);
        },
        TestContext.Current.CancellationToken);

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Step(TimeSpan by)
        {
            _ticks += by.Ticks;
            _now += by;
        }

        public void SetBack(TimeSpan by) => _now -= by;
    }
}
