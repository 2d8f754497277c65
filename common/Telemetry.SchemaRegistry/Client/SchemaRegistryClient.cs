using Confluent.SchemaRegistry;
using Newtonsoft.Json;
using Telemetry.SchemaRegistry.Transport;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>
/// What we ask a schema registry, for Protobuf schemas, by Confluent's client. Each call takes at most
/// <see cref="SchemaRegistryOptions.RequestTimeout"/> for each URL and throws <see cref="SchemaRegistryException"/>. An answer that
/// does not say what was asked counts as none. Safe for concurrent use.
/// </summary>
public sealed class SchemaRegistryClient : IDisposable
{
    private readonly string _urls;
    private readonly RegistryHttpClients _http;
    private readonly CachedSchemaRegistryClient _registry;
    private readonly CompatibilityService _compatibility;

    /// <exception cref="IOException">A file of the options cannot be read.</exception>
    public SchemaRegistryClient(SchemaRegistryOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Urls.Count, nameof(options));
        _urls = string.Join(',', options.Urls.Select(u => u.AbsoluteUri.TrimEnd('/')));
        _http = new RegistryHttpClients(options);
        var authorization = AuthorizationFromFiles.Of(options);
        var config = new SchemaRegistryConfig
        {
            Url = _urls,
            RequestTimeoutMs = (int)options.RequestTimeout.TotalMilliseconds,

            // One try for each URL: when to ask again is the circuit breaker's to say. The package waits after the last try, too.
            MaxRetries = 1,
            RetriesWaitMs = 0,
            RetriesMaxWaitMs = 0,

            // What is learned is kept in SchemaDirectory, which asks once.
            MaxCachedSchemas = 1,
        };
        _registry = new CachedSchemaRegistryClient(config, authorization, proxy: null);
        _compatibility = new CompatibilityService(config, authorization);
        _http.ServeFor(_registry);
        _http.ServeFor(_compatibility);
    }

    /// <summary>The text behind an id, and null when it is no Protobuf schema.</summary>
    public async Task<string?> FetchSchemaAsync(int id, CancellationToken cancellationToken)
    {
        var what = $"schema id {id}";
        var schema = await AskAsync(what, () => _registry.GetSchemaAsync(id), cancellationToken);
        return schema.SchemaString is not { Length: > 0 } text ? throw SchemaRegistryException.OfNonsense(what, _urls)
            : IsProtobuf(schema) ? text
            : null;
    }

    /// <summary>Subjects there are.</summary>
    public async Task<IReadOnlyList<string>> FetchSubjectsAsync(CancellationToken cancellationToken) =>
        await AskAsync("the subjects", _registry.GetAllSubjectsAsync, cancellationToken);

    /// <summary>Versions of a subject.</summary>
    public async Task<IReadOnlyList<int>> FetchVersionsAsync(string subject, CancellationToken cancellationToken) =>
        await AskAsync($"the versions of {subject}", () => _registry.GetSubjectVersionsAsync(subject), cancellationToken);

    /// <summary>Registers a schema, or finds it registered. Returns its id.</summary>
    public async Task<int> RegisterAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        var what = $"registering {subject}";
        var id = await AskAsync(what, () => _registry.RegisterSchemaAsync(subject, Protobuf(schema)), cancellationToken);
        return id > 0 ? id : throw SchemaRegistryException.OfNonsense(what, _urls);
    }

    /// <summary>Id and version of a schema that is registered.</summary>
    public async Task<(int Id, int Version)> LookUpAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        var what = $"the id of {subject}";
        var found = await AskAsync(
            what, () => _registry.LookupSchemaAsync(subject, Protobuf(schema), ignoreDeletedSchemas: true), cancellationToken);
        return found is { Id: > 0, Version: > 0 } ? (found.Id, found.Version) : throw SchemaRegistryException.OfNonsense(what, _urls);
    }

    /// <summary>Whether the subject's rule takes a schema; true for a subject without versions. The reasons when not.</summary>
    public async Task<(bool IsCompatible, string Reasons)> CheckAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        try
        {
            var what = $"whether {subject} takes the schema";
            var answer = await AskAsync(what, () => _compatibility.CheckAsync(subject, Protobuf(schema)), cancellationToken);
            return (answer.IsCompatible ?? throw SchemaRegistryException.OfNonsense(what, _urls), answer.Reasons);
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            return (true, "");
        }
    }

    /// <summary>Compatibility level of a subject, or the registry's own for a subject without one.</summary>
    public async Task<string> FetchCompatibilityAsync(string subject, CancellationToken cancellationToken)
    {
        try
        {
            return CompatibilityLevel.NameOf(
                await AskAsync($"the compatibility level of {subject}", () => _registry.GetCompatibilityAsync(subject), cancellationToken));
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            return CompatibilityLevel.NameOf(
                await AskAsync("the compatibility level", () => _registry.GetCompatibilityAsync(), cancellationToken));
        }
    }

    /// <summary>Sets the compatibility level of a subject, for example FULL_TRANSITIVE.</summary>
    /// <exception cref="ArgumentException">There is no such level.</exception>
    public async Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken)
    {
        var parsed = CompatibilityLevel.Parse(level);
        await AskAsync(
            $"setting the compatibility level of {subject}", () => _registry.UpdateCompatibilityAsync(parsed, subject), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registry.Dispose();
        _compatibility.Dispose();
        _http.Dispose();
    }

    private static Schema Protobuf(string text) => new(text, SchemaType.Protobuf);

    private static bool IsProtobuf(Schema schema)
    {
        try
        {
            return schema.SchemaType == SchemaType.Protobuf;
        }
        catch (InvalidOperationException)
        {
            // A kind of schema that the package does not know.
            return false;
        }
    }

    /// <summary>The package's calls cannot be cancelled; one that is given up ends with its own time limit.</summary>
    private async Task<T> AskAsync<T>(string what, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask().WaitAsync(cancellationToken) ?? throw SchemaRegistryException.OfNonsense(what, _urls);
        }
        catch (Confluent.SchemaRegistry.SchemaRegistryException e)
        {
            throw SchemaRegistryException.OfAnswer(what, _urls, e);
        }
        catch (HttpRequestException e)
        {
            throw SchemaRegistryException.OfNoAnswer(what, e);
        }
        catch (JsonException e)
        {
            throw SchemaRegistryException.OfNonsense(what, _urls, e);
        }
    }
}
