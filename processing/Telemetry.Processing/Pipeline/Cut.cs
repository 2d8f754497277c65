using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Pipeline;

/// <summary>All of one partition that goes into one commit: what came out of the records below an offset, and the state as of it.</summary>
/// <param name="Worker">Whose it is.</param>
/// <param name="Offset">The offset to commit.</param>
/// <param name="Records">Records processed since the cut before.</param>
/// <param name="TimestampMs">Partition time, the timestamp of the state entries.</param>
/// <param name="Outputs">Outputs.</param>
/// <param name="State">State entries.</param>
internal sealed record Cut(
    PartitionWorker Worker, long Offset, long Records, long TimestampMs, OutputBatch Outputs, StateBatch State)
{
    public TopicPartition Partition => Worker.Partition;
}
