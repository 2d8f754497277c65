using System.Globalization;
using System.Net.Http.Headers;
using Telemetry.Observability;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>
/// Figures of other processes, read from their <c>/metrics</c>. Counters of a process that started again begin at zero: what it
/// had counted before, as far as it was read, is kept. A process that does not answer keeps its counters and loses its gauges.
/// </summary>
internal sealed class PeerFigures : IPipelineFigures, IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private readonly HttpClient _http = new() { Timeout = Timeout };
    private readonly List<Peer> _peers;
    private readonly string? _tokenFile;

    /// <param name="peers">Where the other processes serve HTTP.</param>
    /// <param name="tokenFile">File whose first line they take for their metrics; null or empty: they ask for none.</param>
    public PeerFigures(IEnumerable<Uri> peers, string? tokenFile = null)
    {
        _peers = [.. peers.Select(p => new Peer(new Uri(p, Instrumentation.ScrapePath)))];
        _tokenFile = tokenFile;
    }

    /// <inheritdoc/>
    public IReadOnlyList<PipelineLag> Lag { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        ReadToken();
        await Task.WhenAll(_peers.Select(p => p.ReadAsync(_http, cancellationToken)));
        Lag = [.. _peers.SelectMany(p => p.Lag).DistinctBy(l => (l.Group, l.Topic, l.Partition))];
    }

    /// <inheritdoc/>
    public double Sum(string instrument)
    {
        var name = NameOf(instrument);
        return _peers.Sum(p => p.Value(name + "_total") ?? p.Value(name) ?? 0);
    }

    /// <inheritdoc/>
    public LatencyCounts Latency(string instrument)
    {
        var name = NameOf(instrument) + "_seconds_bucket|";
        var counts = new long[LatencyBounds.Seconds.Length + 1];
        var below = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            var bound = i < LatencyBounds.Seconds.Length ? LatencyBounds.Seconds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            var cumulative = _peers.Sum(p => p.Value(name + bound) ?? 0);
            counts[i] = (long)Math.Max(0, cumulative - below);
            below = cumulative;
        }

        return new LatencyCounts(counts, IsFine: false);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Each time: a secret may be replaced while we run.</summary>
    private void ReadToken()
    {
        if (string.IsNullOrEmpty(_tokenFile))
        {
            return;
        }

        try
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadLines(_tokenFile).FirstOrDefault()?.Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The peers answer 401 then, which reads as a peer that does not answer; the process itself has said at start why.
            _http.DefaultRequestHeaders.Authorization = null;
        }
    }

    /// <summary>An instrument's name in Prometheus' alphabet, without unit and suffix.</summary>
    private static string NameOf(string instrument) => instrument.Replace('.', '_');

    private sealed class Peer(Uri address)
    {
        private readonly Dictionary<string, double> _before = new(StringComparer.Ordinal);
        private MetricsText _last = new();

        public IReadOnlyList<PipelineLag> Lag { get; private set; } = [];

        public double? Value(string key)
        {
            var found = _last.Sums.TryGetValue(key, out var value);
            return _before.TryGetValue(key, out var before) ? before + value : found ? value : null;
        }

        public async Task ReadAsync(HttpClient http, CancellationToken cancellationToken)
        {
            MetricsText now;
            try
            {
                now = MetricsText.Parse(await http.GetStringAsync(address, cancellationToken), LagMetrics.Records, LagMetrics.Age);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                Lag = [];
                foreach (var gauge in _last.Sums.Keys.Where(k => !_last.IsGrowing(k)).ToList())
                {
                    _last.Sums.Remove(gauge);
                }

                return;
            }

            foreach (var (key, value) in _last.Sums)
            {
                if (_last.IsGrowing(key) && now.Sums.GetValueOrDefault(key) < value)
                {
                    _before[key] = _before.GetValueOrDefault(key) + value;
                }
            }

            _last = now;
            Lag = LagMetrics.Read(now);
        }
    }
}
