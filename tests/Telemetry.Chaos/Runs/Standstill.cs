namespace Telemetry.Chaos.Runs;

/// <summary>The longest time a count did not grow, from its first growth on.</summary>
internal sealed class Standstill(TimeProvider time)
{
    private long _highest;
    private long _since;

    /// <summary>The longest so far, one that still lasts included as far as it was looked at.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Takes the count of now. A lower one than before, such as 0 for no answer, is no growth.</summary>
    public void Look(long count)
    {
        var now = time.GetTimestamp();
        if (_highest > 0 && time.GetElapsedTime(_since, now) is var still && still > Longest)
        {
            Longest = still;
        }

        if (count > _highest)
        {
            _highest = count;
            _since = now;
        }
    }
}
