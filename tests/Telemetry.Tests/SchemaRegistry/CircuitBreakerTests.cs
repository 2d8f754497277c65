using Telemetry.SchemaRegistry.Client;

namespace Telemetry.Tests.SchemaRegistry;

public class CircuitBreakerTests
{
    private static readonly TimeSpan Min = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(5);

    private readonly SteppedTime _time = new();

    [Fact]
    public void A_failure_costs_one_request_a_pause_and_the_pauses_grow_to_the_longest()
    {
        var breaker = new CircuitBreaker(Min, Max, _time);
        breaker.TryEnter().ShouldBe(TimeSpan.Zero);
        breaker.Failed().ShouldBe(Min);
        foreach (var seconds in (int[])[2, 4, 5, 5])
        {
            breaker.TryEnter().ShouldBeGreaterThan(TimeSpan.Zero);
            _time.Step(TimeSpan.FromSeconds(5));
            breaker.TryEnter().ShouldBe(TimeSpan.Zero);

            // One asks; the others wait for what it learns.
            breaker.TryEnter().ShouldBeGreaterThan(TimeSpan.Zero);
            breaker.Failed().ShouldBe(TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public void An_answer_closes_it()
    {
        var breaker = new CircuitBreaker(Min, Max, _time);
        breaker.Failed();
        _time.Step(Min);
        breaker.TryEnter().ShouldBe(TimeSpan.Zero);
        breaker.Succeeded();
        breaker.TryEnter().ShouldBe(TimeSpan.Zero);
        breaker.TryEnter().ShouldBe(TimeSpan.Zero);
        breaker.Failed().ShouldBe(Min);
    }

    [Fact]
    public void Requests_under_way_together_count_as_one_failure()
    {
        var breaker = new CircuitBreaker(Min, Max, _time);
        breaker.Failed().ShouldBe(Min);
        breaker.Failed().ShouldBe(Min);
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Step(TimeSpan by) => _ticks += by.Ticks;
    }
}
