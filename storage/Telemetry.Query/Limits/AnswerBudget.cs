using Telemetry.Query.Problems;

namespace Telemetry.Query.Limits;

/// <summary>
/// Bytes that answers under way hold, over all requests. A result counts three times its size: itself, what it is decoded to, and the
/// text written from it. At most as many results as there are places for queries are read before they are counted.
/// </summary>
internal sealed class AnswerBudget(long bytesMax)
{
    private const int Factor = 3;
    private long _taken;

    /// <summary>Takes room for a result that was read; returns what is to be given back.</summary>
    /// <exception cref="ApiProblem">503: there is no room, because readers are slower than answers are made.</exception>
    public long Take(long resultBytes)
    {
        var bytes = resultBytes * Factor;
        if (Interlocked.Add(ref _taken, bytes) <= bytesMax)
        {
            return bytes;
        }

        Interlocked.Add(ref _taken, -bytes);
        throw new ApiProblem(
            503, "busy", "Too many answers at once", "Answers on their way to slow readers hold all the memory there is for them. Try again in a moment, or ask for less.")
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        };
    }

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
