using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>Makes the client that connections go through.</summary>
internal static class HttpClients
{
    /// <exception cref="IOException">The file of authorities cannot be read.</exception>
    public static HttpClient Create(ClickHouseHttpOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            AutomaticDecompression = options.Compression ? DecompressionMethods.GZip : DecompressionMethods.None,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        if (options.CaFile.Length > 0)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy(options.CaFile) };
        }

        return new HttpClient(new BrokenConnect(handler)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static X509ChainPolicy Policy(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }
}
