using System.Net.Security;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Confluent.SchemaRegistry;

namespace Telemetry.SchemaRegistry.Transport;

/// <summary>
/// The HTTP clients that the package sends by, one for each URL, in place of the ones it makes. With a CA file, its own take any
/// certificate whose chain holds the CA, also for another host or out of date, and go on trusting the system's authorities; they
/// follow redirects and read answers of any size. The package has no way to be given others, hence its private fields; its version
/// is exact, and a version without those fields fails at construction.
/// </summary>
internal sealed class RegistryHttpClients : IDisposable
{
    private readonly HttpClient[] _clients;
    private readonly X509Certificate2Collection? _authorities;

    /// <exception cref="IOException">The CA file cannot be read.</exception>
    public RegistryHttpClients(SchemaRegistryOptions options)
    {
        if (options.CaFile is { Length: > 0 } file)
        {
            _authorities = [];
            _authorities.ImportFromPemFile(file);
        }

        _clients = [.. options.Urls.Select(url => new HttpClient(Handler(options))
        {
            BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = options.RequestTimeout,
        })];
    }

    /// <summary>Makes a client of the package send by these.</summary>
    public void ServeFor(CachedSchemaRegistryClient client)
    {
        var field = typeof(CachedSchemaRegistryClient).GetField("restService", BindingFlags.Instance | BindingFlags.NonPublic);
        ServeFor(field?.GetValue(client) as RestService ?? throw new MissingFieldException(nameof(CachedSchemaRegistryClient), "restService"));
    }

    /// <summary>Makes a service of the package send by these.</summary>
    public void ServeFor(RestService service)
    {
        var theirs = ClientsOf(service);
        theirs.ForEach(client => client.Dispose());
        theirs.Clear();
        theirs.AddRange(_clients);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        foreach (var authority in _authorities ?? [])
        {
            authority.Dispose();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "clients")]
    private static extern ref List<HttpClient> ClientsOf(RestService service);

    private RegistryAnswerHandler Handler(SchemaRegistryOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.RequestTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
        };
        if (_authorities is not null)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy(_authorities) };
        }

        return new RegistryAnswerHandler(handler);
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
