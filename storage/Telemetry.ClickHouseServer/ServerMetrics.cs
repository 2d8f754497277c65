using System.Diagnostics;
using System.Diagnostics.Metrics;
using Telemetry.ClickHouseServer.Running;
using Telemetry.ClickHouseServer.Sql;

namespace Telemetry.ClickHouseServer;

/// <summary>Figures of the endpoint.</summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.ClickHouseServer");
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failed;

    public ServerMetrics(RunningQueries running)
    {
        _duration = _meter.CreateHistogram<double>("telemetry.clickhouse.statement.duration", "s", "Time of a statement, from its registration until the engine was done with it");
        _failed = _meter.CreateCounter<long>("telemetry.clickhouse.statement.failed", "{statement}", "Statements answered with an error, by ClickHouse's code");
        _meter.CreateObservableGauge("telemetry.clickhouse.statement.running", () => running.Count, "{statement}", "Statements running now");
    }

    public void Ended(SqlKind kind, long started) =>
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("kind", Name(kind)));

    public void Failed(int code) => _failed.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Dispose() => _meter.Dispose();

    private static string Name(SqlKind kind) => kind switch
    {
        SqlKind.Rows => "select",
        SqlKind.InsertData => "insert",
        _ => "other",
    };
}
