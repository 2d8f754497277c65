using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Wire;

namespace Telemetry.Query.Setup;

/// <summary>Bounds and places of the query role. The defaults work on one machine.</summary>
public sealed record QueryOptions
{
    /// <summary>Folder with the built console (<c>index.html</c> inside). Null or missing: <c>/</c> says how to build it.</summary>
    public string? ConsoleFolder { get; init; }

    /// <summary>Folder with dashboards of the console, a JSON file each. Null: the folder "dashboards" of the data directory; it need not be there.</summary>
    public string? DashboardsFolder { get; init; }

    /// <summary>Longest a query may run in the engine before it is stopped. Default 15 s.</summary>
    public TimeSpan QueryTimeMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest an export may run. Default 10 min.</summary>
    public TimeSpan ExportTimeMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Memory one query may take in the engine, in bytes. Default 1 GiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long QueryMemoryMax { get; init; } = 1L << 30;

    /// <summary>Threads one query may use in the engine. Default 2.</summary>
    [Range(1, 256)]
    public int QueryThreadsMax { get; init; } = 2;

    /// <summary>Stored rows one query (not an export) may read before it is stopped. Default 2 billion.</summary>
    [Range(1, long.MaxValue)]
    public long RowsReadMax { get; init; } = 2_000_000_000;

    /// <summary>Queries running at once. Default 4, as many as the embedded engine has lanes; more wait up to <see cref="QueueWait"/>, then get 503.</summary>
    [Range(1, 1024)]
    public int ConcurrencyMax { get; init; } = 4;

    /// <summary>Requests that may wait for a place; beyond that 503 at once. Default 64.</summary>
    [Range(0, 65536)]
    public int QueueMax { get; init; } = 64;

    /// <summary>Longest wait for a place. Default 5 s.</summary>
    public TimeSpan QueueWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Exports running at once, out of <see cref="ConcurrencyMax"/>. Default 2.</summary>
    [Range(1, 1024)]
    public int ExportsMax { get; init; } = 2;

    /// <summary>Points a series answer has when <c>points</c> is not given. Default 1,000.</summary>
    [Range(2, 100_000)]
    public int PointsDefault { get; init; } = 1_000;

    /// <summary>
    /// Most points a series answer may have. More are cut off in JSON, which says <c>truncated</c>, and refused in CSV and JSON lines, which
    /// could not say so. Default 20,000.
    /// </summary>
    [Range(2, 1_000_000)]
    public int PointsMax { get; init; } = 20_000;

    /// <summary>Most points of all series of one grouped answer together. Default 200,000.</summary>
    [Range(2, 10_000_000)]
    public int GroupedPointsMax { get; init; } = 200_000;

    /// <summary>
    /// Bytes all answers under way may hold in memory, results of the store and what is written from them; further ones get 503. Exports hold
    /// nothing. Default 256 MiB.
    /// </summary>
    [Range(1L << 20, long.MaxValue)]
    public long AnswerBytesMax { get; init; } = 256L << 20;

    /// <summary>Most series of one grouped answer. Default 100.</summary>
    [Range(1, 10_000)]
    public int GroupsMax { get; init; } = 100;

    /// <summary>Rows of a list (devices, anomalies, ...) when <c>limit</c> is not given. Default 100.</summary>
    [Range(1, 100_000)]
    public int PageDefault { get; init; } = 100;

    /// <summary>Most rows of one page of a list. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int PageMax { get; init; } = 10_000;

    /// <summary>Most readings of one export; a larger one is refused before it starts. Default 100 million.</summary>
    [Range(1, long.MaxValue)]
    public long ExportRowsMax { get; init; } = 100_000_000;

    /// <summary>
    /// Disorder the switch from rollup to raw allows within one series: that much before the newest rolled-up reading
    /// comes from raw. Default 10 s.
    /// </summary>
    public TimeSpan SeriesTailOverlap { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>As <see cref="SeriesTailOverlap"/>, over all devices of a sensor. Default 30 s.</summary>
    public TimeSpan FleetTailOverlap { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Rollups of readings older than this are taken as complete: no raw is read for them. Default 2 days.</summary>
    public TimeSpan TailHorizon { get; init; } = TimeSpan.FromDays(2);

    /// <summary>Age up to which watermark, freshness and completeness may be reused between answers. Default 1 s.</summary>
    public TimeSpan ProgressAge { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How far ahead of this machine's clock an event time may be. One further ahead comes from a wrong clock: it is stored and charted, but
    /// <c>latest</c>, <c>lastSeen</c> and the watermark pass over it and mark the series. Default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Live clients at once; more get 503. Default 256.</summary>
    [Range(0, 65536)]
    public int LiveClientsMax { get; init; } = 256;

    /// <summary>Live items waiting for one client; beyond that the newest are dropped and counted. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int LiveBacklogMax { get; init; } = 4_096;

    /// <summary>Time between heartbeat comments on a live stream. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LiveHeartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Series (device and sensor) whose newest value is held in memory. Default 200,000; 0 holds none.</summary>
    [Range(0, 10_000_000)]
    public int LatestSeriesMax { get; init; } = 200_000;

    /// <summary>Commands to devices whose fate is held in memory; the oldest are forgotten. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int CommandsMax { get; init; } = 10_000;

    /// <summary>Bytes of commands and answers held in memory; the oldest commands are forgotten. Default 64 MiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long CommandBytesMax { get; init; } = 64L << 20;

    /// <summary>How far back commands are read at the start; also the longest lifetime of one. Default 1 h, as the edge's.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan CommandHistory { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Longest time for which an alarm can be shelved over the API. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan ShelveMax { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Schema id in front of DeviceCommand values. Default the released id used without a registry.</summary>
    public int DeviceCommandSchemaId { get; init; } = SchemaIds.DeviceCommand;

    /// <summary>Schema id in front of CatalogueEntry values. Default the released id used without a registry.</summary>
    public int CatalogueSchemaId { get; init; } = SchemaIds.CatalogueEntry;

    /// <summary>Bytes of catalogue entries held in memory; what has no room is left out, and said. Default 256 MiB: some 300,000 entries.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long CatalogueBytesMax { get; init; } = 256L << 20;

    /// <summary>Most rows that a statement in SQL is answered with. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int SqlRowsMax { get; init; } = 100_000;

    /// <summary>Event times after this one are in the future, microseconds.</summary>
    internal long Horizon(long nowUs) => nowUs + UnixMicros.From(FutureTolerance);
}
