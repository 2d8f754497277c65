using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Answers each HTTP request with the next scripted bytes and closes the connection; remembers what was asked.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Func<string, string?> _answer;
    private readonly BlockingCollection<string> _requests = new(1000);
    private readonly LoopbackServer _server;

    /// <param name="answer">From the request (head and body) to the raw answer; null never answers.</param>
    public ScriptedServer(Func<string, string?> answer)
    {
        _answer = answer;
        _server = new LoopbackServer(ServeAsync);
    }

    public Uri Address => new($"http://127.0.0.1:{_server.EndPoint.Port}");

    public IReadOnlyList<string> Requests => [.. _requests];

    public static string Ok(string body, string headers = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}Connection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _requests.Dispose();
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        var stream = client.GetStream();
        var request = await ReadAsync(stream, cancellationToken);
        _requests.Add(request, cancellationToken);
        if (_answer(request) is { } answer)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
        }
        else
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var at = all.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
                var length = at < 0 ? 0 : int.Parse(all[(at + 16)..all.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture);
                if (all.Length - end - 4 >= length)
                {
                    return all;
                }
            }

            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                return text.ToString();
            }

            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
    }
}
