using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts.Secrets;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.ClickHouse.Http;

namespace Telemetry.Host.Configuration;

/// <summary>A ClickHouse server over HTTP where an endpoint is given, otherwise the engine in this process.</summary>
public sealed record ClickHouseOptions : EmbeddedClickHouseOptions, IValidatableObject
{
    /// <summary>HTTP interface of a server, for example http://127.0.0.1:8123. None (default): the engine in this process.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Database on the server. Default default.</summary>
    [Required]
    public string Database { get; init; } = "default";

    /// <summary>User at the server. Default default.</summary>
    [Required]
    public string User { get; init; } = "default";

    /// <summary>Password at the server. Default none.</summary>
    public string Password { get; init; } = "";

    /// <summary>File whose first line is the password, for secrets that are mounted. Default none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Asks the server for gzip on results. Default false: on one machine it costs more than it saves.</summary>
    public bool Compression { get; init; }

    /// <summary>Longest time to connect to the server. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest run of a reader's query, of one INSERT and of one change of the schema at the server; afterwards it is killed. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest run of work that is meant to run long at the server: audit, replay, backtest, export, check of parts, recovery. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan LongTimeout { get; init; } = TimeSpan.FromHours(24);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint is { Scheme: not ("http" or "https") })
        {
            yield return new ValidationResult("give an http or https address, for example http://127.0.0.1:8123.", [nameof(Endpoint)]);
        }

        if (Password.Length > 0 && PasswordFile.Length > 0)
        {
            yield return new ValidationResult("give Password or PasswordFile, not both.", [nameof(PasswordFile)]);
        }
    }

    /// <summary>As the client takes it.</summary>
    /// <exception cref="IOException">The password file cannot be read.</exception>
    internal ClickHouseHttpOptions ToHttp() => new()
    {
        Endpoint = Endpoint ?? throw new InvalidOperationException("No endpoint is set: the engine is in this process."),
        Database = Database,
        User = User,
        Password = PasswordFile.Length > 0 ? SecretFile.Read(PasswordFile, "ClickHouse:PasswordFile") : Password,
        Compression = Compression,
        ConnectTimeout = ConnectTimeout,
        Timeout = Timeout,
        LongTimeout = LongTimeout,
    };
}
