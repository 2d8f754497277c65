namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>What happens to partitions.</summary>
internal enum RebalanceKind
{
    Assigned,
    Revoked,
    Lost,
}

/// <summary>What the polling thread wants the caller to run before it goes on.</summary>
internal sealed class Rebalance(RebalanceKind kind, IReadOnlyList<TopicPartition> partitions)
{
    public RebalanceKind Kind { get; } = kind;

    public IReadOnlyList<TopicPartition> Partitions { get; } = partitions;

    /// <summary>The listener has returned.</summary>
    public bool IsDone { get; set; }
}

/// <summary>Why the caller wakes the polling thread.</summary>
internal enum PollRequestKind
{
    Poll,

    /// <summary>The listener has returned; go on with the poll.</summary>
    Done,

    /// <summary>Leave the group and end.</summary>
    Close,

    /// <summary>The listener has returned (or failed); go on with closing.</summary>
    DoneClose,
}

/// <summary>One request of the caller.</summary>
internal sealed record PollRequest(PollRequestKind Kind, int RecordsMax, long Deadline, CancellationToken Cancel)
{
    public TaskCompletionSource<Rebalance?> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsClose => Kind is PollRequestKind.Close or PollRequestKind.DoneClose;
}

/// <summary>
/// Between the async caller and the thread that polls the client: one request at a time, answered either with the records
/// (null) or with a rebalance the caller's listener has to see first.
/// </summary>
internal sealed class PollExchange
{
    private readonly object _gate = new();
    private PollRequest? _next;

    /// <summary>By the caller.</summary>
    public Task<Rebalance?> SendAsync(PollRequest request)
    {
        lock (_gate)
        {
            _next = request;
            Monitor.Pulse(_gate);
        }

        return request.Reply.Task;
    }

    /// <summary>By the polling thread: null when nothing came in time.</summary>
    public PollRequest? Receive(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (_next is null)
            {
                Monitor.Wait(_gate, timeout);
            }

            var next = _next;
            _next = null;
            return next;
        }
    }
}
