using System.ComponentModel.DataAnnotations;

namespace Telemetry.Alarms.Setup;

/// <summary>Prometheus Alertmanager, which groups, silences and tells people.</summary>
public sealed record AlertmanagerOptions
{
    /// <summary>Base URLs, for example http://127.0.0.1:9093; several of one cluster each get everything. Default none: not told.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>Consumer group that shares the partitions among processes. Default <c>telemetry-alarm-alertmanager</c>.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-alarm-alertmanager";

    /// <summary>What fires is told again this often; it ends by itself at Alertmanager after four times that. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ResendInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What is over is told for this long. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan KeepResolved { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Longest time of one request. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>File with the value of the header Authorization, for example Bearer and a token. Default none.</summary>
    public string AuthorizationFile { get; init; } = "";

    /// <summary>Address of the console, for the link in alerts. Default none: no link.</summary>
    public string ConsoleUrl { get; init; } = "";
}

/// <summary>A webhook that gets each change of an alarm as a signed CloudEvent.</summary>
public sealed record WebhookOptions
{
    /// <summary>Where changes are posted. Default none: nowhere.</summary>
    public string Url { get; init; } = "";

    /// <summary>File with the secret of the signature: whsec_ and base64, or any text. Default none: not signed.</summary>
    public string SecretFile { get; init; } = "";

    /// <summary>The event's source: which installation it is, a URI. Default <c>/telemetry/alarms</c>.</summary>
    [Required]
    public string Source { get; init; } = "/telemetry/alarms";

    /// <summary>Consumer group; its offsets are what was delivered. Default <c>telemetry-alarm-webhook</c>.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-alarm-webhook";

    /// <summary>Longest time of one request. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>First pause after a failed delivery; it doubles up to <see cref="RetryDelayMax"/>. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between deliveries. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A change not taken for this long is a dead letter, and the next one is delivered. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>The gRPC service that streams alarms, incidents and readings.</summary>
public sealed record GrpcStreamOptions
{
    /// <summary>Port for gRPC without TLS (HTTP/2 only), at the address of <c>Http:Address</c>; 0 takes a free one. Default none: over HTTPS only (<c>Http:Tls</c>).</summary>
    [Range(0, 65535)]
    public int? Port { get; init; }

    /// <summary>Streams at once; more get UNAVAILABLE. Default 64.</summary>
    [Range(1, 10_000)]
    public int ClientsMax { get; init; } = 64;

    /// <summary>Bytes that may wait for one client; beyond it the stream ends with RESOURCE_EXHAUSTED. Default 4 MiB.</summary>
    [Range(1024, 1L << 30)]
    public long BacklogBytesMax { get; init; } = 4 << 20;
}
