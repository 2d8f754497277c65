using System.CommandLine;
using System.Globalization;
using System.Net;
using Telemetry.Contracts.Text;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>
/// Asks a process of ours whether it is ready: what a container's health check runs, where there is no shell and no curl.
/// </summary>
internal static class HealthCheckCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(4);

    public static Command Create()
    {
        var shared = new SharedOptions();
        shared.Map("--http-port", "Http:Port", "Port of the process asked (default 8080).");
        var url = new Option<string?>("--url") { Description = "Address to query; default /readyz at Http:Address and Http:Port." };
        var timeout = new Option<string?>("--timeout") { Description = "Longest wait for the answer (default 4s)." };
        var command = new Command("healthcheck", "Asks a running process whether it is ready; exit code 0 when it is, 1 when not.")
        {
            url, timeout,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var address = result.GetValue(url) is { } given ? Parse(given) : Default(shared.Load(result).Http);
            var limit = result.GetValue(timeout) is { } text ? DurationText.Parse(text) : DefaultTimeout;
            var (ready, answer) = await AskAsync(address, limit, cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(answer);
            return ready ? 0 : 1;
        });
        return command;
    }

    private static async Task<(bool Ready, string Answer)> AskAsync(Uri address, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = limit };
        try
        {
            using var response = await client.GetAsync(address, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            return (response.IsSuccessStatusCode, string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {body.Trim()}"));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (false, $"{address}: {e.Message}");
        }
    }

    /// <summary>An address that listens everywhere is asked on loopback.</summary>
    private static Uri Default(HttpOptions http)
    {
        var address = http.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : http.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : http.Address;
        return new UriBuilder(Uri.UriSchemeHttp, address.ToString(), http.Port, "/readyz").Uri;
    }

    /// <exception cref="FormatException">Not an http address.</exception>
    private static Uri Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : throw new FormatException($"--url \"{text}\": give an address, for example http://127.0.0.1:8080/readyz.");
}
