using System.Diagnostics;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// Two spans for one INSERT of many records. <c>insert</c> lies in the trace of each traced record, from its consumption until its
/// readings can be queried, and links to the batch. <c>insert batch</c> is the statement itself and links to the records;
/// <c>insert rollups</c> is the later statement that feeds the rollups with the same records, and links to them too.
/// </summary>
internal sealed class StorageTraces
{
    /// <summary>Traced records of one INSERT; more are stored all the same and have no span.</summary>
    private const int RecordsMax = 256;

    private static readonly ActivitySource Source = new("Telemetry.Storage");

    private List<(ActivityContext Publish, DateTime Consumed)>? _records;

    /// <summary>Takes note of a record, if it is traced and somebody listens.</summary>
    public void Add(RecordHeaders headers)
    {
        if (TraceContext.TryRead(headers, out var publish) && Source.HasListeners() && (_records?.Count ?? 0) < RecordsMax)
        {
            (_records ??= []).Add((publish, DateTime.UtcNow));
        }
    }

    /// <summary>The statement begins; null when no record in it is traced.</summary>
    public Activity? StartBatch(string table, int rows)
    {
        return _records is null ? null : Start("insert batch", table, rows, _records);
    }

    /// <summary>The statement that feeds the rollups begins; null when no record of the batches is traced.</summary>
    public static Activity? StartRollups(IReadOnlyList<SinkBatch> batches, string table)
    {
        if (!Source.HasListeners() || batches.All(static b => b.Traces._records is null))
        {
            return null;
        }

        return Start("insert rollups", table, batches.Sum(b => b.Rows.Count), batches.SelectMany(b => b.Traces._records ?? []).Take(RecordsMax));
    }

    /// <summary>In a trace of its own: the caller's current activity has no part in it, and stays.</summary>
    private static Activity? Start(string name, string table, int rows, IEnumerable<(ActivityContext Publish, DateTime Consumed)> records)
    {
        var current = Activity.Current;
        Activity.Current = null;
        var batch = Source.StartActivity(name, ActivityKind.Client, default(ActivityContext), links: records.Select(r => new ActivityLink(r.Publish)));
        if (batch is { IsAllDataRequested: true })
        {
            batch.SetTag("db.system.name", "clickhouse");
            batch.SetTag("db.collection.name", table);
            batch.SetTag("db.operation.batch.size", rows);
        }

        Activity.Current = current;
        return batch;
    }

    /// <summary>The readings can be queried.</summary>
    public void Stored(Activity? batch)
    {
        if (_records is null)
        {
            return;
        }

        IEnumerable<ActivityLink> links = batch is null ? [] : [new ActivityLink(batch.Context)];
        foreach (var (publish, consumed) in _records)
        {
            Source.StartActivity("insert", ActivityKind.Consumer, publish, links: links, startTime: consumed)?.Stop();
        }
    }
}
