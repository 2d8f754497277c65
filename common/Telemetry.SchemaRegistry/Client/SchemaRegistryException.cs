using System.Globalization;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>A request to the schema registry that failed; the message names what, where and what to do.</summary>
public sealed class SchemaRegistryException(int code, bool isTransient, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The subject does not exist.</summary>
    public const int SubjectNotFound = 40401;

    /// <summary>The version does not exist.</summary>
    public const int VersionNotFound = 40402;

    /// <summary>No schema with that id, or not under that subject.</summary>
    public const int SchemaNotFound = 40403;

    /// <summary>The registry's error code; the HTTP status when it gave none; 0 when there was no answer.</summary>
    public int Code { get; } = code;

    /// <summary>True: the registry is not there, too slow or failing inside; the same request may succeed later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>True: what was asked for does not exist.</summary>
    public bool IsNotFound => Code is 404 or (>= 40400 and <= 40499);

    /// <summary>From an answer that is an error.</summary>
    /// <param name="what">What was asked, for example "GET http://registry/subjects".</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">Error code in the body; 0: none.</param>
    /// <param name="detail">Message in the body.</param>
    internal static SchemaRegistryException OfAnswer(string what, int status, int code, string detail) => new(
        code == 0 ? status : code,
        status is >= 500 or 408 or 429,
        string.Create(CultureInfo.InvariantCulture, $"{what}: the schema registry answered {status}{(code == 0 || code == status ? "" : $" ({code})")}: {detail} {Hint(status)}").TrimEnd());

    internal static SchemaRegistryException OfNoAnswer(string what, Exception cause) => new(
        0, true, $"{what}: no answer from the schema registry: {cause.Message} Check SchemaRegistry:Urls and that it runs; cached ids stay in use.", cause);

    /// <summary>A secret that is being renewed may be missing for a moment.</summary>
    internal static SchemaRegistryException OfSecret(IOException cause) => new(0, true, cause.Message, cause);

    private static string Hint(int status) => status switch
    {
        401 => "Check SchemaRegistry:UserName, PasswordFile or TokenFile.",
        403 => "These credentials may not do this: let telemetry schemas apply register with others, and set SchemaRegistry:AutoRegister=false here.",
        404 => "",
        409 => "The schema is not compatible with what is registered: telemetry schemas check tells which subject.",
        422 => "The registry refuses the schema or the compatibility level.",
        >= 500 => "It failed inside; see its log.",
        _ => "Is this the base URL of a registry with the Confluent API, path included?",
    };
}
