using System.Globalization;

namespace Telemetry.SchemaRegistry;

/// <summary>A request to the schema registry that failed; the message names what, where and what to do.</summary>
public sealed class SchemaRegistryException(int code, bool isTransient, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>No schema with that id, or not under that subject.</summary>
    public const int SchemaNotFound = 40403;

    private const int DetailCharsMax = 600;

    /// <summary>The registry's error code; the HTTP status when it gave none; 0 when there was no answer.</summary>
    public int Code { get; } = code;

    /// <summary>True: the registry is not there, too slow or failing inside; the same request may succeed later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>
    /// True: the registry says that what was asked for does not exist. A bare 404, as of a proxy or for a wrong base URL, does not say so.
    /// </summary>
    public bool IsNotFound => Code is >= 40400 and <= 40499;

    /// <summary>From an answer that is an error.</summary>
    /// <param name="what">What was asked, for example "schema id 7".</param>
    /// <param name="where">The registry's URLs.</param>
    /// <param name="answer">Status and code.</param>
    internal static SchemaRegistryException OfAnswer(string what, string where, Confluent.SchemaRegistry.SchemaRegistryException answer)
    {
        var status = (int)answer.Status;
        var code = answer.ErrorCode > 0 ? answer.ErrorCode : status;
        return new SchemaRegistryException(
            code,
            status is >= 500 or 408 or 429,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Asked for {what}, the schema registry {where} answered {status}: {Short(answer.Message)}. {Hint(status, code)}").TrimEnd(),
            answer);
    }

    internal static SchemaRegistryException OfNoAnswer(string what, HttpRequestException cause) => new(
        0, true, $"Asked for {what}, no answer from the schema registry: {Short(cause.Message)} Check SchemaRegistry:Urls and that it runs; cached ids stay in use.", cause);

    /// <summary>An answer that does not say what was asked is none.</summary>
    internal static SchemaRegistryException OfNonsense(string what, string where, Exception? cause = null) => new(
        0, true, $"Asked for {what}, {where} answered something else. Is this the base URL of a schema registry, path included?", cause);

    /// <summary>A secret that is being renewed may be missing for a moment.</summary>
    internal static SchemaRegistryException OfSecret(IOException cause) => new(0, true, cause.Message, cause);

    private static string Hint(int status, int code) => status switch
    {
        401 => "Check SchemaRegistry:UserName, PasswordFile or TokenFile.",
        403 => "These credentials may not do this: let telemetry schemas apply register with others, and set SchemaRegistry:AutoRegister=false here.",
        404 when code > 40400 => "",
        409 => "The schema is not compatible with what is registered: telemetry schemas check tells which subject.",
        422 => "The registry refuses the schema or the compatibility level.",
        >= 500 => "It failed inside; see its log.",
        _ => "Is this the base URL of a registry with the Confluent API, path included?",
    };

    private static string Short(string text) => text.Length > DetailCharsMax ? text[..DetailCharsMax] + "..." : text;
}
