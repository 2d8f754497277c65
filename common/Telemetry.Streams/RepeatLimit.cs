namespace Telemetry.Streams;

/// <summary>
/// Lets the first of equal messages through, and one in each interval after it: a client that is closed while its broker is away says forty
/// times a second that it cannot connect. Safe for use by several threads; remembers a bounded number of messages.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">Between two equal messages.</param>
internal sealed class RepeatLimit(TimeProvider time, TimeSpan interval)
{
    private const int KeysMax = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long At, int Suppressed)> _last = new(StringComparer.Ordinal);

    /// <summary>True: say it.</summary>
    /// <param name="key">What makes messages equal.</param>
    /// <param name="suppressed">How many were not said since the last one that was.</param>
    public bool Take(string key, out int suppressed)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            suppressed = 0;
            if (_last.TryGetValue(key, out var last))
            {
                if (time.GetElapsedTime(last.At, now) < interval)
                {
                    _last[key] = last with { Suppressed = last.Suppressed + 1 };
                    return false;
                }

                suppressed = last.Suppressed;
            }
            else if (_last.Count >= KeysMax)
            {
                // Then a few are said too early.
                _last.Clear();
            }

            _last[key] = (now, 0);
            return true;
        }
    }
}
