using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Formatter;

namespace Telemetry.Bridge.Links;

/// <summary>MQTTnet's options from ours, for a session that the broker keeps. Files are read at each connect, so that new certificates and passwords need no restart.</summary>
internal static class LinkClientOptions
{
    private const int PlainPort = 1883;
    private const int TlsPort = 8883;

    /// <exception cref="LinkException">A file cannot be read or used.</exception>
    public static MqttClientOptionsBuilder Create(BrokerLinkOptions options, string clientId, MqttProtocolVersion version)
    {
        var address = options.Address!;
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(address.Host, address.Port > 0 ? address.Port : address.Scheme == "mqtts" ? TlsPort : PlainPort)
            .WithProtocolType(ProtocolType.Tcp)
            .WithTlsOptions(tls => Configure(tls, options, address))
            .WithClientId(clientId)
            .WithProtocolVersion(version)
            .WithCleanSession(false)
            .WithKeepAlivePeriod(options.KeepAlive)
            .WithTimeout(options.Timeout);
        if (options.UserName.Length > 0)
        {
            builder.WithCredentials(options.UserName, Password(options));
        }

        return builder;
    }

    private static byte[]? Password(BrokerLinkOptions options) => options.PasswordFile.Length == 0 ? null : Read(
        options.PasswordFile, "PasswordFile", path => System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(path).TrimEnd('\r', '\n')));

    private static void Configure(MqttClientTlsOptionsBuilder tls, BrokerLinkOptions options, Uri address)
    {
        tls.UseTls(address.Scheme == "mqtts");
        if (address.Scheme != "mqtts")
        {
            return;
        }

        tls.WithTargetHost(address.Host)
            .WithRevocationMode(options.CheckRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck);
        if (options.CaFile.Length > 0)
        {
            tls.WithTrustChain(Read(options.CaFile, "CaFile", Authorities));
        }

        if (options.CertificateFile.Length > 0)
        {
            tls.WithClientCertificates(Read(options.CertificateFile, "CertificateFile", path => Certificates(path, options.KeyFile)));
        }
    }

    private static X509Certificate2Collection Authorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
    }

    private static X509Certificate2Collection Certificates(string path, string key) =>
        [X509Certificate2.CreateFromPemFile(path, key.Length > 0 ? key : null)];

    private static T Read<T>(string path, string setting, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new LinkException($"The {setting} '{path}' cannot be used: {e.Message}", LinkFault.Tls, e);
        }
    }
}
