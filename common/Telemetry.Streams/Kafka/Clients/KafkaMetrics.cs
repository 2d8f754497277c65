using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Instruments of the meter "Telemetry.Streams", as the journal's where the same is meant; one set for each open log.</summary>
internal sealed class KafkaMetrics : IDisposable
{
    private readonly Meter _meter = new(StreamsMeter.Name);
    private readonly ConcurrentDictionary<object, Func<long>> _producers = [];
    private readonly Counter<long> _readRecords;
    private readonly Counter<long> _readBytes;
    private readonly Counter<long> _resets;
    private readonly Counter<long> _skippedOffsets;
    private readonly Counter<long> _rebalances;
    private readonly Counter<long> _rejoins;
    private readonly Counter<long> _refetches;
    private readonly Counter<long> _transactionFailures;

    public KafkaMetrics(Func<IEnumerable<KafkaTopic>> topics)
    {
        _meter.CreateObservableCounter(
            "telemetry.streams.records.appended", () => topics().Select(t => Of(t, t.AppendedRecords)), "{record}", "Records made durable");
        _meter.CreateObservableCounter(
            "telemetry.streams.bytes.appended", () => topics().Select(t => Of(t, t.AppendedBytes)), "By", "Bytes of records made durable");
        _meter.CreateObservableCounter(
            "telemetry.streams.records.failed", () => topics().Select(t => Of(t, t.FailedRecords)), "{record}", "Appends answered with an error");
        _meter.CreateObservableGauge(
            "telemetry.streams.bytes.pending", () => _producers.Values.Sum(static inFlightBytes => inFlightBytes()), "By",
            "Bytes appended and not yet durable, with the cost of holding them");
        _readRecords = _meter.CreateCounter<long>("telemetry.streams.records.read", "{record}", "Records given to consumers");
        _readBytes = _meter.CreateCounter<long>("telemetry.streams.bytes.read", "By", "Bytes of keys and values given to consumers");
        _resets = _meter.CreateCounter<long>("telemetry.streams.consumer.resets", "{reset}", "Positions that were not there any more");
        _skippedOffsets = _meter.CreateCounter<long>(
            "telemetry.streams.offsets.skipped", "{offset}", "Offsets a consumer passed by unread because they were removed");
        _rebalances = _meter.CreateCounter<long>(
            "telemetry.streams.consumer.rebalances", "{partition}", "Partitions assigned, revoked and lost");
        _rejoins = _meter.CreateCounter<long>(
            "telemetry.streams.consumer.rejoins", "{rejoin}",
            "Times a group member left and joined again because it may have missed its assignment, by cause");
        _refetches = _meter.CreateCounter<long>(
            "telemetry.streams.consumer.refetches", "{partition}", "Partitions given to the client again because it had stopped reading them");
        _transactionFailures = _meter.CreateCounter<long>(
            "telemetry.streams.transactions.failed", "{transaction}", "Transactional calls that failed, by error");
    }

    /// <param name="producer">Whose figure it is.</param>
    /// <param name="inFlightBytes">Bytes appended and not yet answered.</param>
    public void Add(object producer, Func<long> inFlightBytes) => _producers[producer] = inFlightBytes;

    public void Remove(object producer) => _producers.TryRemove(producer, out _);

    public void Read(long records, long bytes, string? group)
    {
        var tag = new KeyValuePair<string, object?>("group", group ?? "");
        _readRecords.Add(records, tag);
        _readBytes.Add(bytes, tag);
    }

    public void Reset(long skipped, string? group)
    {
        var tag = new KeyValuePair<string, object?>("group", group ?? "");
        _resets.Add(1, tag);
        _skippedOffsets.Add(Math.Max(0, skipped), tag);
    }

    public void Rebalanced(string what, int partitions, string? group) => _rebalances.Add(
        partitions, new KeyValuePair<string, object?>("group", group ?? ""), new KeyValuePair<string, object?>("event", what));

    public void Rejoined(string cause, string? group) => _rejoins.Add(
        1, new KeyValuePair<string, object?>("group", group ?? ""), new KeyValuePair<string, object?>("cause", cause));

    public void Refetched(string? group) => _refetches.Add(1, new KeyValuePair<string, object?>("group", group ?? ""));

    public void TransactionFailed(RecordLogError error) =>
        _transactionFailures.Add(1, new KeyValuePair<string, object?>("error", error.ToString()));

    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Of(KafkaTopic topic, long value) =>
        new(value, new KeyValuePair<string, object?>("topic", topic.Name));
}
