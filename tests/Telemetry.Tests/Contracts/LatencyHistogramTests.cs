using Telemetry.Contracts.Measurement;

namespace Telemetry.Tests.Contracts;

public class LatencyHistogramTests
{
    [Fact]
    public void An_empty_histogram_has_quantiles_of_zero() =>
        new LatencyHistogram().Quantile(0.99).ShouldBe(TimeSpan.Zero);

    [Fact]
    public void Quantiles_are_those_of_the_sorted_list_within_a_64th() => ReadingBatchBufferTests.ForAllSeeds(200, random =>
    {
        var histogram = new LatencyHistogram();
        var values = new long[random.Next(1, 500)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.NextInt64(0, 1L << random.Next(1, 40));
            histogram.RecordMicroseconds(values[i]);
        }

        Array.Sort(values);
        foreach (var quantile in new[] { 0, 0.01, 0.5, 0.95, 0.99, 1 })
        {
            var exact = values[Math.Max(0, (int)Math.Ceiling(quantile * values.Length) - 1)];
            var answer = (long)histogram.Quantile(quantile).TotalMicroseconds;
            answer.ShouldBeInRange(exact, exact + (exact / 64));
        }
    });

    [Fact]
    public void Negative_and_huge_durations_are_counted_at_the_ends()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromSeconds(-1));
        histogram.RecordMicroseconds(long.MinValue);
        histogram.RecordMicroseconds(long.MaxValue);
        histogram.RecordMicroseconds(1L << 40);
        histogram.Count.ShouldBe(4);
        histogram.Quantile(0.5).ShouldBe(TimeSpan.Zero);
        histogram.Quantile(1).TotalMicroseconds.ShouldBeGreaterThan((1L << 39) - 1);
    }

    [Fact]
    public void Snapshots_add_up_and_differences_have_quantiles()
    {
        var histogram = new LatencyHistogram();
        histogram.RecordMicroseconds(10, times: 5);
        var before = histogram.Snapshot();
        histogram.RecordMicroseconds(1000, times: 5);
        var difference = histogram.Snapshot().Zip(before, (a, b) => a - b).ToArray();
        LatencyHistogram.Quantile(difference, 0.01).TotalMicroseconds.ShouldBeInRange(1000, 1016);
        var sum = new LatencyHistogram();
        sum.Add(before);
        sum.Add(difference);
        sum.Snapshot().ShouldBe(histogram.Snapshot());
        Should.Throw<ArgumentException>(() => sum.Add(new long[3]));
    }

    [Fact]
    public void Counts_from_many_threads_are_all_there()
    {
        var histogram = new LatencyHistogram();
        Parallel.For(0, 10_000, i => histogram.RecordMicroseconds(i % 100));
        histogram.Count.ShouldBe(10_000);
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromMilliseconds(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.RecordMicroseconds(i * i);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
