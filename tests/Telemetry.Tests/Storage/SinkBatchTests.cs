using Telemetry.Storage.Blocks;
using Telemetry.Storage.Sink;

namespace Telemetry.Tests.Storage;

public class SinkBatchTests
{
    private const long ArrivedMs = 1_700_000_000_000;

    [Fact]
    public void Latency_counts_from_the_reading_and_of_a_backlog_from_its_arrival()
    {
        using var batch = new SinkBatch(new RowBlock(new NameTable()));
        batch.Sample(((ArrivedMs - 40) * 1000, 3), ArrivedMs);
        batch.Sample(((ArrivedMs - 10_000) * 1000, 1), ArrivedMs);
        batch.Sample(((ArrivedMs - 10_001) * 1000, 2), ArrivedMs);
        batch.Sample(((ArrivedMs + 500) * 1000, 4), ArrivedMs);
        batch.Sample(default, ArrivedMs);
        batch.Samples.ShouldBe(
        [
            ((ArrivedMs - 40) * 1000, 3), ((ArrivedMs - 10_000) * 1000, 1), (ArrivedMs * 1000, 2), ((ArrivedMs + 500) * 1000, 4),
        ]);
    }
}
