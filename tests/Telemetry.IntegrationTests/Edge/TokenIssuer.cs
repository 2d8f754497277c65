using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Signs JSON Web Tokens by hand, RFC 7515, and serves its keys over HTTP as an identity provider does.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    private readonly LoopbackServer _server;
    private int _asked;

    public TokenIssuer() => _server = new LoopbackServer(ServeAsync);

    public ECDsa Key { get; private set; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string KeyId { get; private set; } = "1";

    /// <summary>False: it answers 503.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>Requests for the keys.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public Uri Url => new($"http://{_server.EndPoint}/keys");

    public string Pem => Key.ExportSubjectPublicKeyInfoPem();

    public string Jwks
    {
        get
        {
            var point = Key.ExportParameters(false).Q;
            return $$"""{"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"{{KeyId}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}]}""";
        }
    }

    public void ChangeKey()
    {
        Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyId += "0";
    }

    public byte[] Token(
        string user = "pump-7", string issuer = "https://issuer.test", string audience = "telemetry", TimeSpan? life = null, DateTimeOffset? now = null,
        string algorithm = "ES256", bool ends = true, string more = "")
    {
        var at = now ?? DateTimeOffset.UtcNow;
        var end = (at + (life ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds();
        var header = $$"""{"alg":"{{algorithm}}","typ":"JWT","kid":"{{KeyId}}"}""";
        var body = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"iss":"{{issuer}}","aud":"{{audience}}","sub":"{{user}}","iat":{{at.ToUnixTimeSeconds()}}{{(ends ? $",\"exp\":{end}" : "")}}{{more}}}""");
        var signed = $"{Encode(header)}.{Encode(body)}";
        var signature = algorithm switch
        {
            "none" => [],
            // The public key as a shared secret: what a careless checker falls for.
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(Pem), Encoding.ASCII.GetBytes(signed)),
            _ => Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256),
        };
        return Encoding.ASCII.GetBytes($"{signed}.{Base64Url.EncodeToString(signature)}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        var stream = client.GetStream();
        var request = new byte[4096];
        var count = 0;
        while (request.AsSpan(0, count).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = await stream.ReadAsync(request.AsMemory(count), stop);
            if (read == 0)
            {
                return;
            }

            count += read;
        }

        Interlocked.Increment(ref _asked);
        var body = IsUp ? Jwks : "";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {(IsUp ? "200 OK" : "503 Service Unavailable")}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), stop);
    }
}
