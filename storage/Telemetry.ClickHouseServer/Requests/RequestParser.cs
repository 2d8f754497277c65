using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Requests;

/// <summary>
/// Parameters of the URL and of a form, and headers. Whatever is not known here is a setting of the statement; the engine
/// knows which there are. Source: src/Server/HTTPHandler.cpp of ClickHouse.
/// </summary>
internal static class RequestParser
{
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        "query", "query_id", "database", "default_format", "user", "password", "quota_key", "role", "session_id", "session_timeout",
        "session_check", "close_session", "compress", "decompress", "wait_end_of_query", "buffer_size", "stacktrace",
        "client_protocol_version",
    };

    /// <exception cref="ClickHouseException">A parameter that cannot be used.</exception>
    public static ClientRequest Parse(
        HttpRequest request, IFormCollection? form, string user)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        var settings = new List<KeyValuePair<string, string>>();
        var own = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in request.Query.Concat(form ?? Enumerable.Empty<KeyValuePair<string, StringValues>>()))
        {
            foreach (var value in values)
            {
                if (Own.Contains(name))
                {
                    own[name] = name == "query" && own.TryGetValue(name, out var before) ? before + value : value ?? "";
                }
                else if (name.StartsWith("param_", StringComparison.Ordinal))
                {
                    parameters.Add(new(name["param_".Length..], value ?? ""));
                }
                else if (name.Length > 0)
                {
                    settings.Add(new(name, value ?? ""));
                }
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["compress", "decompress"])
        {
            if (IsOn(own.GetValueOrDefault(name)))
            {
                throw Error(ErrorCodes.NotImplemented, $"ClickHouse's own block compression ({name}=1) is not served here: use HTTP compression (enable_http_compression=1)");
            }
        }

        // What is left out silently would change what a statement does.
        foreach (var name in (ReadOnlySpan<string>)["session_id", "role"])
        {
            if (own.GetValueOrDefault(name) is { Length: > 0 })
            {
                throw Error(ErrorCodes.NotImplemented, $"{name} is not served here: give settings with each statement, or run a ClickHouse server");
            }
        }

        var get = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return new ClientRequest
        {
            Query = own.GetValueOrDefault("query", ""),
            QueryId = own.GetValueOrDefault("query_id") is { Length: > 0 } id ? id : Guid.NewGuid().ToString(),
            User = user,
            Database = own.GetValueOrDefault("database") ?? Header(request, "X-ClickHouse-Database") ?? "",
            DefaultFormat = own.GetValueOrDefault("default_format") is { Length: > 0 } format
                ? format
                : Header(request, "X-ClickHouse-Format") ?? "TabSeparated",
            Settings = settings,
            Parameters = parameters,
            WaitEndOfQuery = IsOn(own.GetValueOrDefault("wait_end_of_query")) || IsOn(Setting(settings, "http_wait_end_of_query")),
            ReadOnly = get,
            Coding = IsOn(Setting(settings, "enable_http_compression")) ? ContentCodings.Choose(Header(request, "Accept-Encoding")) : null,
            CancelOnClose = Setting(settings, "cancel_http_readonly_queries_on_client_close") is not ("0" or "false"),
        };
    }

    public static string? Header(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var values) && values is [{ Length: > 0 } value, ..] ? value : null;

    private static string? Setting(List<KeyValuePair<string, string>> settings, string name) =>
        settings.FindLast(s => s.Key == name).Value;

    private static bool IsOn(string? value) => value is not (null or "" or "0" or "false");

    private static ClickHouseException Error(int code, string message) => new(code, ErrorCodes.Text(code, message));
}
