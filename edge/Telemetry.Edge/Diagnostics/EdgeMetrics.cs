using System.Diagnostics.Metrics;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Diagnostics;

/// <summary>
/// Counters of the broker under the meter "Telemetry.Edge". Hot ones are plain numbers, added a batch at a time and read when
/// someone looks.
/// </summary>
internal sealed class EdgeMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Telemetry.Edge";

    private static readonly string[] QosLabels = ["0", "1", "2"];
    private static readonly DropCause[] DropCauses = [.. Enum.GetValues<DropCause>().Where(c => c != DropCause.None)];
    private static readonly IngestOutcome[] IngestOutcomes = Enum.GetValues<IngestOutcome>();
    private static readonly CloseKind[] CloseKinds = Enum.GetValues<CloseKind>();

    private readonly Meter _meter = new(MeterName);
    private readonly long[] _received = new long[3];
    private readonly long[] _sent = new long[3];
    private readonly long[] _dropped = new long[Enum.GetValues<DropCause>().Length];
    private readonly long[] _outcomes = new long[IngestOutcomes.Length];
    private readonly long[] _closed = new long[CloseKinds.Length];
    private readonly Histogram<double> _pubackLatency;
    private readonly Counter<long> _webSocketsRefused;
    private readonly long[] _packets = new long[2];
    private readonly long[] _bytes = new long[2];
    private long _accepted;
    private long _turnedAway;
    private long _contested;
    private long _acksReceived;
    private long _ingestPauses;
    private long _lingerTimeouts;

    public EdgeMetrics()
    {
        _pubackLatency = _meter.CreateHistogram(
            "telemetry.edge.puback.duration",
            "s",
            "From a QoS 1 or 2 publish on an ingest topic to its PUBACK or PUBREC",
            tags: null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10],
            });
        _webSocketsRefused = _meter.CreateCounter<long>(
            "telemetry.edge.websockets.refused", "{request}", "WebSocket requests refused, by reason: protocol, origin, exposure");
        Counter("telemetry.edge.publishes.received", "{publish}", "PUBLISH packets received, by QoS", () => ByQos(_received));
        Counter("telemetry.edge.publishes.sent", "{publish}", "PUBLISH packets sent, by QoS", () => ByQos(_sent));
        Counter("telemetry.edge.packets", "{packet}", "Packets of any type, by direction", () => ByDirection(_packets));
        Counter("telemetry.edge.network", "By", "Bytes of packets, by direction", () => ByDirection(_bytes));
        Counter("telemetry.edge.acks.received", "{packet}", "PUBACK, PUBREC and PUBCOMP received", () => One(_acksReceived));
        Counter("telemetry.edge.messages.dropped", "{message}", "Messages dropped, by cause", () =>
            DropCauses.Select(c => Of(_dropped[(int)c], "cause", c.ToString())));
        Counter("telemetry.edge.ingest.outcomes", "{publish}", "Publishes on ingest topics, by outcome", () =>
            IngestOutcomes.Select(o => Of(_outcomes[(int)o], "outcome", o.ToString())));
        Counter("telemetry.edge.ingest.pauses", "{pause}", "Times a connection stopped reading because the log was full", () =>
            One(_ingestPauses));
        Counter("telemetry.edge.connections.accepted", "{connection}", "Connections taken", () => One(_accepted));
        Counter("telemetry.edge.connections.turned_away", "{connection}", "Connections over the limit", () => One(_turnedAway));
        Counter("telemetry.edge.sessions.contested", "{takeover}", "Take-overs of sessions whose client id several clients use", () => One(_contested));
        Counter("telemetry.edge.connections.closed", "{connection}", "Connections ended, by reason", () =>
            CloseKinds.Select(k => Of(_closed[(int)k], "reason", k.ToString())));
        Counter("telemetry.edge.connections.linger_timeouts", "{connection}", "Clients that did not read their last packet in time", () =>
            One(_lingerTimeouts));
    }

    /// <summary>PUBLISH packets received and sent, messages dropped; packets of all types, and bytes, received and sent.</summary>
    public EdgeTotals Totals => new(
        Sum(_received), Sum(_sent), Sum(_dropped), Volatile.Read(ref _packets[0]), Volatile.Read(ref _packets[1]),
        Volatile.Read(ref _bytes[0]), Volatile.Read(ref _bytes[1]), Volatile.Read(ref _accepted));

    public long IngestPauses => Volatile.Read(ref _ingestPauses);

    /// <summary>Watches a number that only grows.</summary>
    public void Count(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableCounter(name, value, unit, description);

    /// <summary>Watches a number of the broker.</summary>
    public void Gauge(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableGauge(name, value, unit, description);

    public void Received(in PacketCounts counts) => Add(_received, counts);

    /// <summary>Packets of any type, and their bytes, a batch at a time.</summary>
    public void Read(int packets, long bytes)
    {
        Interlocked.Add(ref _packets[0], packets);
        Interlocked.Add(ref _bytes[0], bytes);
    }

    /// <inheritdoc cref="Read"/>
    public void Written(int packets, long bytes)
    {
        Interlocked.Add(ref _packets[1], packets);
        Interlocked.Add(ref _bytes[1], bytes);
    }

    public void Sent(in PacketCounts counts) => Add(_sent, counts);

    public void Dropped(DropCause cause, long count)
    {
        if (count > 0)
        {
            Interlocked.Add(ref _dropped[(int)cause], count);
        }
    }

    public long DroppedBy(DropCause cause) => Volatile.Read(ref _dropped[(int)cause]);

    public long Closed(CloseKind kind) => Volatile.Read(ref _closed[(int)kind]);

    public void AckReceived() => Interlocked.Increment(ref _acksReceived);

    public void Ingested(IngestOutcome outcome) => Interlocked.Increment(ref _outcomes[(int)outcome]);

    public void IngestAnswered(TimeSpan duration) => _pubackLatency.Record(duration.TotalSeconds);

    public void IngestPaused() => Interlocked.Increment(ref _ingestPauses);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void WebSocketRefused(string reason) => _webSocketsRefused.Add(1, KeyValuePair.Create("reason", (object?)reason));

    public void SessionContested() => Interlocked.Increment(ref _contested);

    public long Contested => Volatile.Read(ref _contested);

    /// <summary>Names those that are in contest now, by a gauge with their client identifiers.</summary>
    public void Contests(Func<IEnumerable<(string ClientId, long Count)>> now) => _meter.CreateObservableGauge(
        "telemetry.edge.sessions.contested.takeovers",
        () => now().Select(c => Of(c.Count, "client", c.ClientId.Length > 64 ? c.ClientId[..64] : c.ClientId)),
        "{takeover}",
        "Take-overs of each client id that several clients use now; ten at most");

    public void TurnedAway() => Interlocked.Increment(ref _turnedAway);

    public void ConnectionClosed(CloseKind kind) => Interlocked.Increment(ref _closed[(int)kind]);

    public void LingerTimeout() => Interlocked.Increment(ref _lingerTimeouts);

    public void Dispose() => _meter.Dispose();

    private static long Sum(long[] counts)
    {
        var sum = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            sum += Volatile.Read(ref counts[i]);
        }

        return sum;
    }

    private static void Add(long[] to, in PacketCounts counts)
    {
        for (var qos = 0; qos < 3; qos++)
        {
            if (counts[qos] > 0)
            {
                Interlocked.Add(ref to[qos], counts[qos]);
            }
        }
    }

    private static Measurement<long> Of(long value, string tag, string label) => new(value, KeyValuePair.Create(tag, (object?)label));

    private static IEnumerable<Measurement<long>> One(long value) => [new(value)];

    private static IEnumerable<Measurement<long>> ByDirection(long[] counts) =>
        [Of(Volatile.Read(ref counts[0]), "direction", "in"), Of(Volatile.Read(ref counts[1]), "direction", "out")];

    private static IEnumerable<Measurement<long>> ByQos(long[] counts) =>
        QosLabels.Select((label, qos) => Of(Volatile.Read(ref counts[qos]), "qos", label));

    private void Counter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> values) =>
        _meter.CreateObservableCounter(name, values, unit, description);
}
