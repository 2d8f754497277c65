using System.Threading.Channels;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Alarms;

/// <summary>A change with its place on the log.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="Offset">Offset.</param>
/// <param name="Change">The change.</param>
internal readonly record struct AlarmEvent(int Partition, long Offset, AlarmChange Change);

/// <summary>One open stream of changes. One that is too slow is ended: it comes back and reads from where it was.</summary>
internal sealed class AlarmClient(AlarmPositions from, int backlogMax)
{
    private readonly Channel<AlarmEvent> _backlog = Channel.CreateBounded<AlarmEvent>(
        new BoundedChannelOptions(backlogMax) { SingleReader = true, SingleWriter = true });

    /// <summary>Changes before this are not in <see cref="Events"/>.</summary>
    public AlarmPositions From { get; } = from;

    public ChannelReader<AlarmEvent> Events => _backlog.Reader;

    /// <summary>Never waits.</summary>
    public void Offer(in AlarmEvent change)
    {
        if (!_backlog.Writer.TryWrite(change))
        {
            _backlog.Writer.TryComplete();
        }
    }
}
