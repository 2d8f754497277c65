using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Telemetry.ClickHouseServer.Options;

/// <summary>ClickHouse's HTTP interface over the embedded engine.</summary>
public sealed record ClickHouseServerOptions : IValidatableObject
{
    /// <summary>Address to listen on: a loopback address, nothing else. Default 127.0.0.1.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one. Default none: not served (the command <c>clickhouse</c> then takes 8123).</summary>
    [Range(0, 65535)]
    public int? Port { get; init; }

    /// <summary>Name of the one user. Default default.</summary>
    [Required]
    public string User { get; init; } = "default";

    /// <summary>File with the user's password (its first line). Default none: the password is empty.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Statements at the same time; further ones are refused with TOO_MANY_SIMULTANEOUS_QUERIES. Default 32.</summary>
    [Range(1, 1024)]
    public int ConcurrentQueriesMax { get; init; } = 32;

    /// <summary>Connections of clients; further ones are refused. Default 512.</summary>
    [Range(1, 65536)]
    public int ConnectionsMax { get; init; } = 512;

    /// <summary>Largest text of one statement, in bytes, without data behind it. Default 16 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int StatementBytesMax { get; init; } = 16 << 20;

    /// <summary>Largest data of one INSERT, in bytes after decompression. Default 1 GiB.</summary>
    [Range(1024, long.MaxValue)]
    public long InsertBytesMax { get; init; } = 1L << 30;

    /// <summary>Data of one INSERT kept in memory; what is beyond goes to a temporary file. Default 8 MiB.</summary>
    [Range(0, 1 << 30)]
    public int InsertMemoryBytes { get; init; } = 8 << 20;

    /// <summary>Folder of those files. Default: the system's temporary folder.</summary>
    public string TemporaryDirectory { get; init; } = "";

    /// <summary>First bytes of a result held back, so that an early error still gets its HTTP status. Default 256 KiB.</summary>
    [Range(0, 1 << 26)]
    public int ResponseBufferBytes { get; init; } = 256 << 10;

    /// <summary>Longest time a client may take to accept one piece of a result; then its query is killed. Default 30 s.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time a client may pause while it sends a statement or data. Default 30 s.</summary>
    public TimeSpan ReceiveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an idle connection stays open. Default 30 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long statements may go on when the server stops; then they are killed. Default 5 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal string TemporaryFolder => TemporaryDirectory.Length > 0 ? TemporaryDirectory : Path.GetTempPath();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.IsLoopback(Address))
        {
            yield return new ValidationResult(
                $"{Address} is not a loopback address. This endpoint gives full access to the engine and its files; "
                + "give 127.0.0.1 or ::1, and run a ClickHouse server for other machines.",
                [nameof(Address)]);
        }
    }
}
