using System.Diagnostics;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>What many connections count together. Safe for concurrent use.</summary>
internal sealed class LoadTally
{
    private readonly LatencyHistogram _times = new();
    private long _count;

    /// <summary>Messages counted so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts messages that took so many ticks of <see cref="Stopwatch"/>.</summary>
    public void Answered(int count, long ticks)
    {
        Interlocked.Add(ref _count, count);
        _times.RecordMicroseconds((long)(ticks * 1e6 / Stopwatch.Frequency), count);
    }

    /// <summary>The counts of times now, to take a difference from.</summary>
    public long[] Times() => _times.Snapshot();
}
