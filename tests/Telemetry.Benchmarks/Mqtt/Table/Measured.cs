using System.Diagnostics;
using System.Globalization;
using Telemetry.Benchmarks.Mqtt.Load;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Benchmarks.Mqtt.Table;

/// <summary>Figures of one load on one broker.</summary>
/// <param name="Value">The figure that is compared.</param>
/// <param name="Text">As the table shows it.</param>
/// <param name="MoreIsBetter">False for times and memory.</param>
internal sealed record Measured(double Value, string Text, bool MoreIsBetter = true)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    /// <summary>Messages a second, their p50 and p99, and the broker's CPU for each, after a warm-up.</summary>
    public static async Task<Measured> RateAsync(LoadTarget target, LoadTally tally, TimeSpan length)
    {
        await Task.Delay(WarmUp);
        var (cpu, count, times, watch) = (target.Cpu(), tally.Count, tally.Times(), Stopwatch.StartNew());
        await Task.Delay(length);
        var (elapsed, messages) = (watch.Elapsed, tally.Count - count);
        var microseconds = messages == 0 ? 0 : (target.Cpu() - cpu).TotalMicroseconds / messages;
        var span = tally.Times();
        for (var i = 0; i < span.Length; i++)
        {
            span[i] -= times[i];
        }

        var rate = messages / elapsed.TotalSeconds;
        return new Measured(rate, string.Create(
            CultureInfo.InvariantCulture,
            $"{rate:#,0}/s, {Milliseconds(span, 0.5):0.0#} / {Milliseconds(span, 0.99):0.0#} ms, {microseconds:0.0} µs"));
    }

    /// <summary>How the second compares to the first: above 1 the second is better.</summary>
    public static string Ratio(Measured? first, Measured? second)
    {
        if (first is null || second is null || first.Value == 0 || second.Value == 0)
        {
            return "-";
        }

        var ratio = first.MoreIsBetter ? second.Value / first.Value : first.Value / second.Value;
        return ratio.ToString("0.00", CultureInfo.InvariantCulture);
    }

    private static double Milliseconds(long[] counts, double quantile) =>
        LatencyHistogram.Quantile(counts, quantile).TotalMilliseconds;
}
