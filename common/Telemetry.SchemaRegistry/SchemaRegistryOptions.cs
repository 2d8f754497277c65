using System.ComponentModel.DataAnnotations;

namespace Telemetry.SchemaRegistry;

/// <summary>Where the schema registry is and how much it may hold up.</summary>
public sealed record SchemaRegistryOptions : IValidatableObject
{
    /// <summary>
    /// Base URLs of one schema registry, path included, for example <c>http://registry:8081</c>; tried in order. Default none: ids
    /// are the released ones and nothing is asked.
    /// </summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>User name for basic authentication; needs <see cref="PasswordFile"/>. Default none.</summary>
    public string? UserName { get; init; }

    /// <summary>File with the password of <see cref="UserName"/>; read at each request. Default none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>File with a bearer token; not together with <see cref="UserName"/>. Default none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>PEM file of authorities to trust for https, in place of the system's. Default none.</summary>
    public string? CaFile { get; init; }

    /// <summary>
    /// True (default): a role registers the released schemas it writes when the registry does not have them, as Kafka's own
    /// serializers do, so that a new registry works at once; the registry's compatibility rule still decides. False where only
    /// <c>telemetry schemas apply</c> may register.
    /// </summary>
    public bool AutoRegister { get; init; } = true;

    /// <summary>Longest time for one request to one URL. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest time a start waits for ids that are not cached; then it goes on with provisional ones. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// First pause after a failure that follows an answer, or after two failures; nothing is asked in it. Doubles up to
    /// <see cref="RetryMax"/>. Default 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause between two tries. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the registry must go on saying that an id does not exist before records with it are put aside: its followers may
    /// lag behind. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MissingIdPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most foreign schemas remembered; records with an id beyond are put aside. Default 1000.</summary>
    [Range(1, 100_000)]
    public int SchemasMax { get; init; } = 1000;

    /// <summary>Folder of the cache on disk. Default <c>schemas</c> under the data folder; empty: none.</summary>
    public string CacheDirectory { get; init; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (UserName is { Length: > 0 } != PasswordFile is { Length: > 0 })
        {
            yield return new ValidationResult("UserName and PasswordFile go together: give both or none.", [nameof(UserName)]);
        }

        if (UserName is { Length: > 0 } && TokenFile is { Length: > 0 })
        {
            yield return new ValidationResult("give TokenFile or UserName, not both.", [nameof(TokenFile)]);
        }

        if (Urls.Any(u => u.Scheme is not ("http" or "https")))
        {
            yield return new ValidationResult("give http:// or https:// URLs.", [nameof(Urls)]);
        }
    }
}
