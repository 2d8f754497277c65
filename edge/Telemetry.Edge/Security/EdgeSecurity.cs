using System.Net;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;

namespace Telemetry.Edge.Security;

/// <summary>What the options mean for who may do what.</summary>
internal static class EdgeSecurity
{
    public static IAuthenticator Authenticator(EdgeOptions options)
    {
        var users = options.Users.Concat(options.UsersFile is { } file ? PasswordAuthenticator.ReadFile(file) : []).ToArray();
        var certificates = options.EffectiveListeners.Any(l => l.Tls?.ClientAuthoritiesFile is not null);
        if (users.Length > 0)
        {
            return new PasswordAuthenticator(users, certificates);
        }

        var all = options.EffectiveListeners.All(l => l.Tls is { ClientAuthoritiesFile: not null, RequireClientCertificate: true });
        return all ? new CertificateAuthenticator() : new OpenAuthenticator();
    }

    public static IAuthorizer Authorizer(EdgeOptions options) =>
        options.AccessRules.Length > 0 ? new AccessList(options.AccessRules) : new OpenAuthorizer();

    public static IPAddress AddressOf(MqttListenerOptions listener)
    {
        if (listener.Address == "localhost")
        {
            return IPAddress.Loopback;
        }

        return IPAddress.TryParse(listener.Address, out var address)
            ? address
            : throw new EdgeConfigurationException($"Listeners.Address '{listener.Address}' is not an IP address.");
    }

    /// <summary>Refuses to stand open to other machines by accident.</summary>
    public static void CheckExposure(EdgeOptions options, IAuthenticator authenticator, ILogger logger)
    {
        foreach (var listener in options.EffectiveListeners)
        {
            var certificates = listener.Tls is { ClientAuthoritiesFile: not null, RequireClientCertificate: true };
            if (IPAddress.IsLoopback(AddressOf(listener)) || authenticator.RequiresCredentials || certificates)
            {
                continue;
            }

            if (!options.AllowAnonymousFromAnywhere)
            {
                throw new EdgeConfigurationException(
                    $"Listeners: {listener.Address}:{listener.Port} is open to other machines, and clients need no credentials. "
                    + "Set Users, UsersFile or Tls.ClientAuthoritiesFile, listen on 127.0.0.1, or set AllowAnonymousFromAnywhere to true.");
            }

            logger.AnonymousFromAnywhere($"{listener.Address}:{listener.Port}");
        }
    }
}
