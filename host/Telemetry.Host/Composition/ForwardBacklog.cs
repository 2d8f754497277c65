using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Host.Configuration;
using Telemetry.Observability;
using Telemetry.Observability.Metrics;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>What an edge or gateway has stored and not forwarded yet.</summary>
/// <param name="Where">The directory of one that is stopped, or the address of one that runs.</param>
/// <param name="Records">Records on disk that the log does not have.</param>
/// <param name="Bytes">About their bytes.</param>
/// <param name="Seconds">Age of the oldest; 0 when there is none.</param>
/// <param name="DiskBytes">Bytes of the journal.</param>
/// <param name="DiskBytesMax">Most bytes it may take.</param>
/// <param name="Problem">Why it cannot be told; null when the figures hold.</param>
internal sealed record ForwardBacklog(
    string Where, long Records = 0, long Bytes = 0, double Seconds = 0, long DiskBytes = 0, long DiskBytesMax = 0, string? Problem = null)
{
    private const string Prefix = "telemetry_forward_";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Of this directory, where these settings store and forward, and of every process under <c>Http:Peers</c> that does.</summary>
    public static async Task<IReadOnlyList<ForwardBacklog>> ReadAsync(TelemetryOptions options, CancellationToken cancellationToken)
    {
        var found = new List<ForwardBacklog>();
        if (options.Forwards)
        {
            found.Add(await LookAsync(options));
        }

        using var http = new HttpClient { Timeout = Patience };
        foreach (var peer in options.Http.Peers)
        {
            if (await AskAsync(http, peer, cancellationToken) is { } backlog)
            {
                found.Add(backlog);
            }
        }

        return found;
    }

    private static async Task<ForwardBacklog> LookAsync(TelemetryOptions options)
    {
        var where = options.Log.StoreAndForward.Directory;
        try
        {
            var status = await Forwarding.LookAsync(options, NullLoggerFactory.Instance);
            return new ForwardBacklog(where, status.Records, status.Bytes, status.Age.TotalSeconds, status.DiskBytes, status.DiskBytesMax);
        }
        catch (RecordLogException error) when (error.Error == RecordLogError.Locked)
        {
            return new ForwardBacklog(where, Problem: "in use by a running process: ask that one, with --peer http://HOST:PORT/ (its --http-port)");
        }
        catch (RecordLogException error)
        {
            return new ForwardBacklog(where, Problem: error.Message);
        }
    }

    /// <returns>Null when that process does not store and forward.</returns>
    private static async Task<ForwardBacklog?> AskAsync(HttpClient http, Uri peer, CancellationToken cancellationToken)
    {
        try
        {
            var metrics = MetricsText.Parse(await http.GetStringAsync(new Uri(peer, Instrumentation.ScrapePath), cancellationToken)).Sums;
            double Of(string name) => metrics.GetValueOrDefault(Prefix + name);
            return metrics.ContainsKey(Prefix + "disk_limit_bytes")
                ? new ForwardBacklog(
                    peer.ToString(), (long)Of("backlog_records"), (long)Of("backlog_bytes"), Of("backlog_age_seconds"), (long)Of("disk_bytes"), (long)Of("disk_limit_bytes"))
                : null;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new ForwardBacklog(peer.ToString(), Problem: $"does not answer: {error.Message}");
        }
    }
}
