using System.ComponentModel.DataAnnotations;

namespace Telemetry.Bridge.Links;

/// <summary>How to reach an MQTT broker as its client.</summary>
public abstract record BrokerLinkOptions : IValidatableObject
{
    /// <summary>
    /// The broker: <c>mqtt://HOST:PORT</c>, or <c>mqtts://HOST:PORT</c> over TLS (ports 1883 and 8883 when none is given). Default none: the
    /// role does not run.
    /// </summary>
    public string Broker { get; init; } = "";

    /// <summary>
    /// Client identifier. The broker keeps the session under it, so it must be the same at each start and another one for each instance.
    /// Default none: <c>telemetry-</c>, the role and <c>Instance</c>, or the machine's name where no instance is named.
    /// </summary>
    public string ClientId { get; init; } = "";

    /// <summary>A sign of life is sent after this time of silence. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "18:00:00")]
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the broker's answer: connecting, TLS, CONNACK, SUBACK, a sign of life. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>User name at the broker. Default none.</summary>
    public string UserName { get; init; } = "";

    /// <summary>File with the password (one line), read at each connect. Default none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>PEM file of the authorities that the broker's certificate is checked against. Default none: those of the system.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>PEM file of the client certificate with its chain, read at each connect. Default none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>PEM file of its key. Default none: the key is in <c>CertificateFile</c>.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>True: ask whether the broker's certificate has been revoked. Default false: private authorities rarely answer.</summary>
    public bool CheckRevocation { get; init; }

    /// <summary>First pause before it connects again; it doubles, and each is drawn between its half and its whole. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan ReconnectPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan ReconnectPauseMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the broker is; null when none is named.</summary>
    public Uri? Address => Broker.Length > 0 && Uri.TryCreate(Broker, UriKind.Absolute, out var address) ? address : null;

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Broker.Length > 0 && Address is not { Scheme: "mqtt" or "mqtts", Host.Length: > 0 })
        {
            yield return new ValidationResult($"'{Broker}' is not the address of a broker; give mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS.", [nameof(Broker)]);
        }
        else if (Address is { UserInfo.Length: > 0 } or { PathAndQuery.Length: > 1 })
        {
            yield return new ValidationResult("is host and port only; give the user as UserName and the password as PasswordFile.", [nameof(Broker)]);
        }

        if (PasswordFile.Length > 0 && UserName.Length == 0)
        {
            yield return new ValidationResult("is given without UserName; give both.", [nameof(PasswordFile)]);
        }

        if (KeyFile.Length > 0 && CertificateFile.Length == 0)
        {
            yield return new ValidationResult("is given without CertificateFile; give both.", [nameof(KeyFile)]);
        }

        if (Address is { Scheme: "mqtt" } && CaFile.Length + CertificateFile.Length > 0)
        {
            yield return new ValidationResult("is mqtt:// and certificates are given; give mqtts:// for TLS.", [nameof(Broker)]);
        }
    }
}
