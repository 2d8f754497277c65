using System.Globalization;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>The registry behind a circuit breaker: while it is known not to answer, a question fails at once.</summary>
internal sealed class GuardedRegistry(SchemaRegistryClient client, SchemaRegistryOptions options, RegistryMetrics metrics, TimeProvider time)
{
    private readonly CircuitBreaker _breaker = new(options.RetryMin, options.RetryMax, time);
    private TimeSpan _pause = options.RetryMin;

    /// <summary>When to ask again after a failure.</summary>
    public TimeSpan Pause => _pause;

    /// <summary>Asks once.</summary>
    /// <exception cref="SchemaRegistryException">The answer is an error, or there is none.</exception>
    public async Task<T> AskAsync<T>(Func<SchemaRegistryClient, Task<T>> ask)
    {
        if (_breaker.TryEnter() is var wait && wait > TimeSpan.Zero)
        {
            _pause = wait;
            metrics.Asked("refused");
            throw new SchemaRegistryException(0, true, string.Create(
                CultureInfo.InvariantCulture, $"The schema registry {options.Urls[0]} did not answer; it is asked again in {wait.TotalSeconds:F1} s."));
        }

        try
        {
            var answer = await ask(client);
            _breaker.Succeeded();
            metrics.Asked("answered");
            return answer;
        }
        catch (SchemaRegistryException e) when (e.IsTransient)
        {
            _pause = _breaker.Failed();
            metrics.Asked("failed");
            throw;
        }
        catch (SchemaRegistryException)
        {
            _breaker.Succeeded();
            _pause = options.RetryMax;
            metrics.Asked("denied");
            throw;
        }
        catch
        {
            _breaker.Abandoned();
            throw;
        }
    }
}
