using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Operations.Audit;
using Telemetry.Operations.Backtesting;
using Telemetry.Processing;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;
using Telemetry.Query.Operations;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Host.Operations;

/// <summary>One trial of detectors on history, and its report.</summary>
/// <param name="Name">What is tried, for people.</param>
/// <param name="Settings">What is tried.</param>
/// <param name="Span">Which history.</param>
/// <param name="ListMax">Hits listed.</param>
internal sealed record BacktestRun(string Name, DetectorSettings Settings, HistorySpan Span, int ListMax)
{
    private const int SeriesShown = 10;

    /// <summary>What an order over the API asks for.</summary>
    /// <exception cref="FormatException">It is not usable; the message says why.</exception>
    public static BacktestRun Of(BacktestOrder order, DateTimeOffset now)
    {
        if (order.Settings is not null && order.Detector is not null)
        {
            throw new FormatException("Give 'settings' or 'detector', not both.");
        }

        var detector = order.Detector ?? DetectorCatalogue.Default;
        return new BacktestRun(
            order.Settings is null ? detector : "settings",
            order.Settings is { } document
                ? DetectorSettingsReader.Read(JsonSerializer.SerializeToUtf8Bytes(document))
                : DetectorSettings.Of([DetectorSpec.ParseChoice(detector, order.Gated)]),
            SpanOf(order.From, order.To, order.WarmUp ?? "1h", order.Device, order.Sensor, now),
            Math.Clamp(order.List ?? 20, 0, 100_000));
    }

    /// <exception cref="FormatException">A time cannot be read, or the span is empty.</exception>
    public static HistorySpan SpanOf(string from, string? to, string warmUp, string? device, string? sensor, DateTimeOffset now)
    {
        var span = new HistorySpan(
            TimeText.Parse(from, now), to is null ? now : TimeText.Parse(to, now), DurationText.Parse(warmUp), device, sensor);
        return span.From < span.To ? span : throw new FormatException($"The start {span.From:O} is not before the end {span.To:O}.");
    }

    /// <summary>Runs it over the store.</summary>
    /// <returns>The report, and a sentence where history has a gap.</returns>
    public async Task<(BacktestReport Report, string? Gap)> OverStoreAsync(
        ProcessingOptions options, IClickHouse store, IProgress<WorkProgress>? told, CancellationToken cancellationToken)
    {
        var gap = GapOf("The store", (await AuditHorizon.ReadAsync(store, cancellationToken)).CompleteFrom(StoreTable.Raw));
        var backtest = Create(options);
        await StoreHistory.FeedAsync(store, Span, backtest, told, cancellationToken);
        return (backtest.Complete(), gap);
    }

    /// <summary>Runs it over the log.</summary>
    /// <returns>The report, and a sentence where history has a gap.</returns>
    public async Task<(BacktestReport Report, string? Gap)> OverLogAsync(
        ProcessingOptions options, IRecordLog log, IProgress<WorkProgress>? told, CancellationToken cancellationToken)
    {
        var gap = GapOf("The log", (await LogHorizon.ReadAsync(log, LogTopics.Readings, TimeProvider.System, cancellationToken)).RecordsFrom);
        var backtest = Create(options);
        await LogHistory.FeedAsync(log, Span, backtest, told, cancellationToken);
        return (backtest.Complete(), gap);
    }

    /// <summary>For people.</summary>
    public string Describe(BacktestReport report)
    {
        var lines = new List<string>
        {
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}: would have fired {report.Incidents:N0} times from {Span.From:yyyy-MM-ddTHH:mm:ssZ} to {Span.To:yyyy-MM-ddTHH:mm:ssZ} in {report.Series:N0} series, {report.Readings:N0} readings with the warm-up."),
        };
        var days = (Span.To - Span.From).TotalDays * Math.Max(1, report.Series);
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {report.Incidents / days:G3} a series and day"));
        lines.AddRange(report.ByDetector.Select(d => string.Create(CultureInfo.InvariantCulture, $"  {d.Count,8:N0}  {d.Detector} ({d.Kind})")));
        lines.AddRange(report.BySeries.Take(SeriesShown).Select(s => string.Create(CultureInfo.InvariantCulture, $"  {s.Count,8:N0}  {s.Device} {s.Sensor}")));
        lines.AddRange(report.First.Select(a => string.Create(
            CultureInfo.InvariantCulture,
            $"  {UnixMicros.ToTime(a.EventTimeUs):yyyy-MM-ddTHH:mm:ss.fffZ}  {a.Device} {a.Sensor} = {a.Value:G6}  {a.Reason}")));
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>For programs.</summary>
    public JsonElement ToJson(BacktestReport report) => JsonSerializer.SerializeToElement(new
    {
        detector = Name,
        from = Span.From,
        to = Span.To,
        incidents = report.Incidents,
        readings = report.Readings,
        series = report.Series,
        byDetector = report.ByDetector.Select(d => new { d.Detector, kind = d.Kind.ToString(), d.Count }),
        bySeries = report.BySeries.Select(s => new { s.Device, s.Sensor, s.Count }),
        first = report.First.Select(a => new
        {
            a.Device,
            a.Sensor,
            timeUs = a.EventTimeUs,
            Value = double.IsFinite(a.Value) ? a.Value : (double?)null,
            kind = a.Kind.ToString(),
            a.Detector,
            a.Reason,
        }),
    });

    private Backtest Create(ProcessingOptions options) =>
        new(options, UnixMicros.From(Span.From), UnixMicros.From(Span.To), ListMax, Settings);

    /// <summary>Detectors that saw half a history would seem to fire more, or less, than they would have.</summary>
    private string? GapOf(string where, DateTimeOffset completeFrom) => Span.Start >= completeFrom ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{where} is complete from {completeFrom:yyyy-MM-ddTHH:mm:ssZ} on; of what is older (asked for from {Span.Start:yyyy-MM-ddTHH:mm:ssZ}, with the warm-up) some may be gone.");
}
