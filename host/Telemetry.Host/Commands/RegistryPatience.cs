using Telemetry.Contracts.Text;
using Telemetry.SchemaRegistry;

namespace Telemetry.Host.Commands;

/// <summary>
/// Asks a schema registry again while it does not answer, so that a command that is started together with a registry, as in a
/// composed deployment, does not fail because it was first. One limit for all that the command asks.
/// </summary>
/// <param name="limit">From the first question on; zero: everything is asked once.</param>
/// <param name="output">Where waiting is told, once.</param>
internal sealed class RegistryPatience(TimeSpan limit, TextWriter output)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly long _started = TimeProvider.System.GetTimestamp();
    private bool _told;

    /// <summary>What the registry answered.</summary>
    /// <exception cref="SchemaRegistryException">It refused, or had not answered when the time was over.</exception>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (SchemaRegistryException e) when (e.IsTransient && TimeProvider.System.GetElapsedTime(_started) + Pause < limit)
            {
                if (!_told)
                {
                    _told = true;
                    await output.WriteLineAsync($"{e.Message} It is asked again for up to {DurationText.Format(limit)}.");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
