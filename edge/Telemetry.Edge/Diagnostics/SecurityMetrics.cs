using System.Diagnostics.Metrics;

namespace Telemetry.Edge.Diagnostics;

/// <summary>Counters of who was let in and who was not, under the same meter as <see cref="EdgeMetrics"/>.</summary>
internal sealed class SecurityMetrics : IDisposable
{
    private readonly Meter _meter = new(EdgeMetrics.MeterName);
    private readonly Counts<AuthenticationOutcome> _authentications;
    private readonly Counts<HandshakeFailure> _handshakes;

    private readonly Counts<ReloadResult> _reloads;
    private readonly Counts<LimitReached> _limits;

    public SecurityMetrics()
    {
        _reloads = new(_meter, "telemetry.edge.reloads", "{reload}", "Times that users, rules, certificates or keys were read again, by result", "result");
        _limits = new(
            _meter, "telemetry.edge.limits.reached", "{event}", "Connects refused and connections read slower because of a limit, by limit", "limit");
        _authentications = new(_meter, "telemetry.edge.authentications", "{connection}", "Credentials judged, by outcome", "outcome");
        _handshakes = new(_meter, "telemetry.edge.handshakes.failed", "{connection}", "TLS handshakes that failed, by cause", "cause");
    }

    public void Count(AuthenticationOutcome outcome) => _authentications.Add(outcome);

    public void Count(HandshakeFailure cause) => _handshakes.Add(cause);

    public void Count(ReloadResult result) => _reloads.Add(result);

    public void Count(LimitReached limit) => _limits.Add(limit);

    public long Of(LimitReached limit) => _limits[limit];

    public long Of(ReloadResult result) => _reloads[result];

    public long Of(AuthenticationOutcome outcome) => _authentications[outcome];

    public long Of(HandshakeFailure cause) => _handshakes[cause];

    /// <summary>Watches a number.</summary>
    public void Gauge(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableGauge(name, value, unit, description);

    public void Dispose() => _meter.Dispose();

    /// <summary>One number for each member of an enum; all are there from the start, so that a first failure shows as a rise.</summary>
    private sealed class Counts<T>
        where T : struct, Enum
    {
        private readonly T[] _labels = Enum.GetValues<T>();
        private readonly long[] _counts;

        public Counts(Meter meter, string name, string unit, string description, string tag)
        {
            _counts = new long[_labels.Length];
            meter.CreateObservableCounter(name, () => _labels.Select((label, i) => new Measurement<long>(
                Volatile.Read(ref _counts[i]), new KeyValuePair<string, object?>(tag, label.ToString()))), unit, description);
        }

        public long this[T label] => Volatile.Read(ref _counts[Array.IndexOf(_labels, label)]);

        public void Add(T label) => Interlocked.Increment(ref _counts[Array.IndexOf(_labels, label)]);
    }
}

/// <summary>Why a TLS handshake came to nothing.</summary>
internal enum HandshakeFailure
{
    /// <summary>The client's certificate is missing, of another authority, out of date, revoked, or of another use.</summary>
    Certificate,

    /// <summary>The client went away or took too long.</summary>
    Abandoned,

    /// <summary>Bytes that are no TLS, or no version or cipher in common.</summary>
    Protocol,
}

/// <summary>What became of files that were read again.</summary>
internal enum ReloadResult
{
    /// <summary>They are in force.</summary>
    Loaded,

    /// <summary>They cannot be used; the old ones are in force.</summary>
    Failed,
}

/// <summary>A limit by client, address or listener that was reached.</summary>
internal enum LimitReached
{
    ClientConnections,
    ClientConnects,
    ClientPublishes,
    ClientBytes,
    AddressConnections,
    AddressConnects,
    AddressPublishes,
    AddressBytes,
    ListenerConnections,
    ListenerConnects,
    ListenerPublishes,
    ListenerBytes,
}
