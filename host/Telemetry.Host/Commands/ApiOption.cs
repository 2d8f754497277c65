using System.CommandLine;
using System.Text.Json;
using Telemetry.Host.Api;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Where the API is, and with what token it is asked.</summary>
internal sealed class ApiOption
{
    private readonly Option<string?> _api = new("--api") { Description = "Address of the API (default: the instance that runs over --data)." };
    private readonly TokenOption _token = new();
    private readonly SharedOptions _shared;

    public ApiOption(SharedOptions? shared = null) => _shared = shared ?? new SharedOptions();

    public void AddTo(Command command)
    {
        command.Options.Add(_api);
        _token.AddTo(command);
        _shared.AddTo(command);
    }

    /// <summary>The settings, for what else a command needs of them.</summary>
    public TelemetryOptions Load(ParseResult result) => _shared.Load(result);

    /// <summary>True: an API is named, or an instance runs over the data directory.</summary>
    public bool IsThere(ParseResult result) => result.GetValue(_api) is not null || InstanceFile.IsRunning(_shared.Load(result));

    /// <summary>A client of the API; the caller disposes of it.</summary>
    /// <exception cref="IOException">No instance runs, or the token cannot be read.</exception>
    /// <exception cref="FormatException">--api is no address.</exception>
    public ApiClient Connect(ParseResult result, TimeSpan? timeout = null)
    {
        var address = result.GetValue(_api) is { } text ? Parse(text) : InstanceFile.FindApi(_shared.Load(result));
        return new ApiClient(address, _token.Read(result), timeout);
    }

    /// <summary>An address as it is given on the command line, which makes no addresses of its own.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Uri Parse(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https")
        ? address
        : throw new FormatException($"--api {text}: give an address, for example http://127.0.0.1:8080/.");

    /// <exception cref="IOException">The API says no; the message says why.</exception>
    public Task<JsonElement> GetAsync(ParseResult result, string path, CancellationToken cancellationToken) =>
        SendAsync(result, HttpMethod.Get, path, null, cancellationToken);

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement> SendAsync(ParseResult result, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var client = Connect(result);
        return await client.SendAsync(method, path, content, cancellationToken);
    }

    /// <summary>Passes an answer on as it comes.</summary>
    /// <exception cref="IOException">The API says no; the message says why.</exception>
    public async Task CopyAsync(ParseResult result, HttpMethod method, string path, HttpContent? content, Stream destination, CancellationToken cancellationToken)
    {
        using var client = Connect(result);
        using var response = await client.OpenAsync(method, path, content, null, cancellationToken);
        await response.Content.CopyToAsync(destination, cancellationToken);
    }
}
