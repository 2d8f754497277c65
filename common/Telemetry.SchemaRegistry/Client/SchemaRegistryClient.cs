using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Secrets;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>
/// The REST API of Confluent Schema Registry, version 7, for Protobuf schemas. Safe for concurrent use. Each call throws
/// <see cref="SchemaRegistryException"/>.
/// Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html
/// </summary>
public sealed class SchemaRegistryClient : IDisposable
{
    private const string MediaType = "application/vnd.schemaregistry.v1+json";
    private const int AnswerBytesMax = 4 << 20;
    private const int DetailCharsMax = 600;

    private readonly SchemaRegistryOptions _options;
    private readonly string[] _bases;
    private readonly HttpClient _http;
    private readonly X509Certificate2Collection? _authorities;
    private int _preferred;

    /// <exception cref="IOException">A file of the options cannot be read.</exception>
    public SchemaRegistryClient(SchemaRegistryOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Urls.Count, nameof(options));
        _options = options;
        _bases = [.. options.Urls.Select(u => u.AbsoluteUri.TrimEnd('/'))];
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.RequestTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
        };
        if (options.CaFile is { Length: > 0 } file)
        {
            _authorities = [];
            _authorities.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = Policy(_authorities),
            };
        }

        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = AnswerBytesMax };
    }

    /// <summary>The text behind an id, and null when it is no Protobuf schema.</summary>
    public async Task<string?> FetchSchemaAsync(int id, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, Invariant($"/schemas/ids/{id}"), null, cancellationToken);
        return answer.TryGetProperty("schemaType", out var type) && type.GetString() == "PROTOBUF" ? answer.GetProperty("schema").GetString() : null;
    }

    /// <summary>Subjects there are.</summary>
    public async Task<IReadOnlyList<string>> FetchSubjectsAsync(CancellationToken cancellationToken) =>
        [.. (await SendAsync(HttpMethod.Get, "/subjects", null, cancellationToken)).EnumerateArray().Select(s => s.GetString()!)];

    /// <summary>Versions of a subject.</summary>
    public async Task<IReadOnlyList<int>> FetchVersionsAsync(string subject, CancellationToken cancellationToken) =>
        [.. (await SendAsync(HttpMethod.Get, $"/subjects/{Escape(subject)}/versions", null, cancellationToken)).EnumerateArray().Select(v => v.GetInt32())];

    /// <summary>Registers a schema, or finds it registered. Returns its id.</summary>
    public async Task<int> RegisterAsync(string subject, string schema, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, $"/subjects/{Escape(subject)}/versions", Body(schema), cancellationToken)).GetProperty("id").GetInt32();

    /// <summary>Id and version of a schema that is registered.</summary>
    public async Task<(int Id, int Version)> LookUpAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Post, $"/subjects/{Escape(subject)}", Body(schema), cancellationToken);
        return (answer.GetProperty("id").GetInt32(), answer.GetProperty("version").GetInt32());
    }

    /// <summary>Whether the subject's rule takes a schema; true for a subject without versions. The reasons when not.</summary>
    public async Task<(bool IsCompatible, string Reasons)> CheckAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await SendAsync(
                HttpMethod.Post, $"/compatibility/subjects/{Escape(subject)}/versions?verbose=true", Body(schema), cancellationToken);
            return (answer.GetProperty("is_compatible").GetBoolean(), Reasons(answer));
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
            return Level(await SendAsync(HttpMethod.Get, $"/config/{Escape(subject)}?defaultToGlobal=true", null, cancellationToken));
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            return Level(await SendAsync(HttpMethod.Get, "/config", null, cancellationToken));
        }
    }

    /// <summary>Sets the compatibility level of a subject, for example FULL_TRANSITIVE.</summary>
    public async Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken) =>
        await SendAsync(HttpMethod.Put, $"/config/{Escape(subject)}", JsonSerializer.Serialize(new { compatibility = level }), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        foreach (var authority in _authorities ?? [])
        {
            authority.Dispose();
        }
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static string Escape(string subject) => Uri.EscapeDataString(subject);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Body(string schema) => JsonSerializer.Serialize(new { schemaType = "PROTOBUF", schema });

    /// <summary>Named differently where it is read and where it is set.</summary>
    private static string Level(JsonElement answer) =>
        (answer.TryGetProperty("compatibilityLevel", out var level) ? level : answer.GetProperty("compatibility")).GetString() ?? "";

    /// <summary>Confluent gives a list of messages, Apicurio one reason.</summary>
    private static string Reasons(JsonElement answer) =>
        answer.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array
            ? string.Join("; ", messages.EnumerateArray().Select(m => m.ToString()))
            : answer.TryGetProperty("reason", out var reason) ? reason.GetString() ?? "" : "";

    /// <summary>One URL after the other, beginning with the one that answered last.</summary>
    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        var first = Volatile.Read(ref _preferred);
        for (var i = 0; ; i++)
        {
            var at = (first + i) % _bases.Length;
            try
            {
                var answer = await SendToAsync(method, _bases[at] + path, body, cancellationToken);
                Volatile.Write(ref _preferred, at);
                return answer;
            }
            catch (SchemaRegistryException e) when (e.IsTransient && i + 1 < _bases.Length)
            {
                continue;
            }
        }
    }

    private async Task<JsonElement> SendToAsync(HttpMethod method, string url, string? body, CancellationToken cancellationToken)
    {
        var what = $"{method} {url}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.RequestTimeout);
        try
        {
            using var request = new HttpRequestMessage(method, url);
            request.Headers.Accept.ParseAdd(MediaType);
            request.Headers.Authorization = Authorization();
            if (body is not null)
            {
                request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(MediaType));
            }

            using var response = await _http.SendAsync(request, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode ? Parse(what, text) : throw Error(what, (int)response.StatusCode, text);
        }
        catch (HttpRequestException e)
        {
            throw SchemaRegistryException.OfNoAnswer(what, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw SchemaRegistryException.OfNoAnswer(
                what, new TimeoutException(Invariant($"none within {_options.RequestTimeout.TotalSeconds} s."), e));
        }
    }

    /// <summary>Read each time, so that a token can be renewed under a running process.</summary>
    private AuthenticationHeaderValue? Authorization()
    {
        if (_options.TokenFile is { Length: > 0 } token)
        {
            return new AuthenticationHeaderValue("Bearer", ReadSecret(token, nameof(_options.TokenFile)).Trim());
        }

        if (_options is not { UserName: { Length: > 0 } user, PasswordFile: { Length: > 0 } file })
        {
            return null;
        }

        var password = ReadSecret(file, nameof(_options.PasswordFile));
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
    }

    private static string ReadSecret(string file, string setting)
    {
        try
        {
            return SecretFile.Read(file, $"SchemaRegistry:{setting}");
        }
        catch (IOException e)
        {
            throw SchemaRegistryException.OfSecret(e);
        }
    }

    private static JsonElement Parse(string what, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException e)
        {
            throw new SchemaRegistryException(
                0, true, $"{what}: the answer is not JSON. Is this the base URL of a schema registry, path included?", e);
        }
    }

    private static SchemaRegistryException Error(string what, int status, string text)
    {
        try
        {
            var answer = JsonSerializer.Deserialize<JsonElement>(text);
            return SchemaRegistryException.OfAnswer(
                what,
                status,
                answer.TryGetProperty("error_code", out var code) && code.TryGetInt32(out var number) ? number : 0,
                Short(answer.TryGetProperty("message", out var message) ? message.ToString() : ""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return SchemaRegistryException.OfAnswer(what, status, 0, Short(text));
        }
    }

    private static string Short(string text) => text.Length > DetailCharsMax ? text[..DetailCharsMax] + "..." : text;
}
