using System.Globalization;
using Polly;
using Polly.CircuitBreaker;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>
/// The registry behind Polly's circuit breaker. A failure soon after another question opens it for a pause that doubles with each
/// further failure: in the pause a question fails at once, so a registry that hangs costs one timeout a pause and not one a question.
/// After the pause one question goes through; its outcome closes or opens again. Safe for concurrent use.
/// </summary>
internal sealed class GuardedRegistry
{
    /// <summary>More doublings than any pause takes; further ones would overflow.</summary>
    private const int DoublingsMax = 24;

    private readonly SchemaRegistryClient _client;
    private readonly SchemaRegistryOptions _options;
    private readonly RegistryMetrics _metrics;
    private readonly ResiliencePipeline _breaker;
    private long _pauseTicks;

    public GuardedRegistry(SchemaRegistryClient client, SchemaRegistryOptions options, RegistryMetrics metrics, TimeProvider time)
    {
        (_client, _options, _metrics) = (client, options, metrics);
        _pauseTicks = options.RetryMin.Ticks;
        _breaker = new ResiliencePipelineBuilder { TimeProvider = new MonotonicTime(time) }.AddCircuitBreaker(Options()).Build();
    }

    /// <summary>When to ask again after a question has failed.</summary>
    public TimeSpan PauseAfter(Exception failure) => failure switch
    {
        SchemaRegistryException { IsTransient: false } => _options.RetryMax,
        SchemaRegistryException { InnerException: BrokenCircuitException refused } => PauseAfter(refused),
        _ => TimeSpan.FromTicks(Volatile.Read(ref _pauseTicks)),
    };

    /// <summary>Asks once.</summary>
    /// <exception cref="SchemaRegistryException">The answer is an error, or there is none.</exception>
    public async Task<T> AskAsync<T>(Func<SchemaRegistryClient, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _breaker.ExecuteAsync(async token => await ask(_client, token), cancellationToken);
            _metrics.Asked("answered");
            return answer;
        }
        catch (BrokenCircuitException e)
        {
            _metrics.Asked("refused");
            throw new SchemaRegistryException(
                0,
                true,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The schema registry {_options.Urls[0]} did not answer; it is asked again in {PauseAfter(e).TotalSeconds:F1} s."),
                e);
        }
        catch (SchemaRegistryException e)
        {
            _metrics.Asked(e.IsTransient ? "failed" : "denied");
            throw;
        }
    }

    /// <summary>What is left of the pause. While another question is the one that goes through, it is over: wait a little.</summary>
    private TimeSpan PauseAfter(BrokenCircuitException refused) =>
        refused.RetryAfter is { } left && left > _options.RetryMin ? Min(left, _options.RetryMax) : _options.RetryMin;

    private CircuitBreakerStrategyOptions Options() => new()
    {
        // An error that is an answer, such as "not found", closes it: the registry is there.
        ShouldHandle = new PredicateBuilder().Handle<SchemaRegistryException>(e => e.IsTransient),

        // Any failure opens it. Polly wants two questions within the sampling time before it judges, be the other an answer or a failure.
        FailureRatio = 0,
        MinimumThroughput = 2,
        SamplingDuration = Sampling(),

        // What Polly tells those who ask while one question goes through; it takes no less than half a second.
        BreakDuration = Max(_options.RetryMin, TimeSpan.FromSeconds(0.5)),
        BreakDurationGenerator = failure => ValueTask.FromResult(Min(
            _options.RetryMin * (1L << Math.Min(failure.HalfOpenAttempts, DoublingsMax)), _options.RetryMax)),
        OnOpened = opened => Keep(opened.BreakDuration),
        OnClosed = _ => Keep(_options.RetryMin),
    };

    /// <summary>Long enough for two questions that time out, with a pause between them; Polly takes no more than a day.</summary>
    private TimeSpan Sampling() =>
        Min(Max((_options.RetryMin + (_options.RequestTimeout * _options.Urls.Count)) * 4, TimeSpan.FromSeconds(1)), TimeSpan.FromDays(1));

    private ValueTask Keep(TimeSpan pause)
    {
        Volatile.Write(ref _pauseTicks, pause.Ticks);
        return ValueTask.CompletedTask;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
