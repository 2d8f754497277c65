using System.Text.Json;
using System.Text.RegularExpressions;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Holds every JSON answer that a test gets against the API's own OpenAPI document: what is not described so fails the test.</summary>
internal sealed class DescribedAnswers() : DelegatingHandler(new SocketsHttpHandler())
{
    private JsonElement? _document;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is not ("application/json" or "application/problem+json") || !request.RequestUri!.AbsolutePath.StartsWith("/api/v1/", StringComparison.Ordinal))
        {
            return response;
        }

        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var document = _document ??= await ReadDocumentAsync(request.RequestUri, cancellationToken);
        if (Find(document, request) is not { } operation)
        {
            return response; // Nothing there: 404.
        }

        var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var name = $"{request.Method} {request.RequestUri.AbsolutePath} {status}";
        if (!operation.GetProperty("responses").TryGetProperty(status, out var described))
        {
            (response.IsSuccessStatusCode || status is "500").ShouldBeFalse($"{name} is not in the OpenAPI document");
            return response;
        }

        var schema = described.GetProperty("content").GetProperty(type).GetProperty("schema");
        var wrong = new SchemaCheck(document).Check(schema, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement);
        wrong.ShouldBeEmpty($"{name} is not as the OpenAPI document says: {string.Join("; ", wrong.Take(5))}");
        return response;
    }

    private static JsonElement? Find(JsonElement document, HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        foreach (var candidate in document.GetProperty("paths").EnumerateObject().OrderBy(p => p.Name.Count(c => c == '{')))
        {
            if (Regex.IsMatch(path, "^" + Regex.Replace(candidate.Name, @"\{\w+\}", "[^/]+") + "$")
                && candidate.Value.TryGetProperty(request.Method.Method.ToLowerInvariant(), out var operation))
            {
                return operation;
            }
        }

        return null;
    }

    private async Task<JsonElement> ReadDocumentAsync(Uri address, CancellationToken cancellationToken)
    {
        using var answer = await base.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/openapi/v1.json")), cancellationToken);
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement;
    }
}

/// <summary>As much of JSON Schema as the document uses.</summary>
internal sealed class SchemaCheck(JsonElement document)
{
    private const int WrongMax = 20;
    private readonly List<string> _wrong = [];

    /// <summary>What is not as it should be; a member that is not described is wrong too.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        Check(schema, value, "$");
        return _wrong;
    }

    private void Check(JsonElement schema, JsonElement value, string at)
    {
        if (_wrong.Count >= WrongMax)
        {
            return;
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            Check(document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]), value, at);
            return;
        }

        if (schema.TryGetProperty("anyOf", out var choices))
        {
            if (!choices.EnumerateArray().Any(choice => new SchemaCheck(document).Check(choice, value).Count == 0))
            {
                _wrong.Add($"{at} is none of its choices");
            }

            return;
        }

        if (schema.TryGetProperty("type", out var type) && !IsOf(type, value))
        {
            _wrong.Add($"{at} is {value.ValueKind}, not {type}");
            return;
        }

        if (schema.TryGetProperty("enum", out var names) && value.ValueKind != JsonValueKind.Null && !names.EnumerateArray().Any(n => n.GetString() == value.GetString()))
        {
            _wrong.Add($"{at} is '{value}', none of {names}");
        }

        if (schema.TryGetProperty("format", out var format) && format.GetString() == "date-time" && value.ValueKind == JsonValueKind.String && !value.TryGetDateTimeOffset(out _))
        {
            _wrong.Add($"{at} is '{value}', no time");
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var (item, index) in value.EnumerateArray().Select((v, i) => (v, i)))
            {
                Check(items, item, $"{at}[{index}]");
            }
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            CheckObject(schema, value, at);
        }
    }

    private void CheckObject(JsonElement schema, JsonElement value, string at)
    {
        var hasMembers = schema.TryGetProperty("properties", out var properties);
        var hasOthers = schema.TryGetProperty("additionalProperties", out var others);
        foreach (var member in value.EnumerateObject())
        {
            if (hasMembers && properties.TryGetProperty(member.Name, out var described))
            {
                Check(described, member.Value, $"{at}.{member.Name}");
            }
            else if (hasOthers)
            {
                Check(others, member.Value, $"{at}.{member.Name}");
            }
            else if (hasMembers)
            {
                _wrong.Add($"{at}.{member.Name} is not described");
            }
        }

        foreach (var missing in (schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(r => r.GetString()!) : []).Where(r => !value.TryGetProperty(r, out _)))
        {
            _wrong.Add($"{at}.{missing} is missing");
        }
    }

    private static bool IsOf(JsonElement type, JsonElement value)
    {
        var names = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()) : [type.GetString()];
        return names.Any(name => name switch
        {
            "string" => value.ValueKind == JsonValueKind.String,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || value.TryGetUInt64(out _)),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => false,
        });
    }
}
