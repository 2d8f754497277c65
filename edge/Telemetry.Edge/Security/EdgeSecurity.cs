using System.Net;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Rules;
using Telemetry.Edge.Security.Tokens;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Edge.Security;

/// <summary>What the options mean for who may do what.</summary>
internal static class EdgeSecurity
{
    /// <summary>True when users are configured, even in a file that names nobody: it must not open the door.</summary>
    public static bool HasUsers(EdgeOptions options) => options.Users.Length > 0 || options.UsersFile is { Length: > 0 };

    public static IAuthenticator Authenticator(EdgeOptions options, TimeProvider time, ILogger logger)
    {
        var passwords = HasUsers(options) ? new PasswordAuthenticator(UserTable.Load(options), options.Passwords, time) : null;
        var all = options.EffectiveListeners.All(l => l.Tls is { ClientAuthoritiesFile: not null, RequireClientCertificate: true });
        var tokens = options.Tokens.IsOn ? new TokenJudge(options.Tokens, new KeySource(options.Tokens, time, logger), time) : null;
        return new ClientAuthenticator(passwords, tokens, all);
    }

    public static IAuthorizer Authorizer(EdgeOptions options) => new RuleAuthorizer(AccessRules.Load(options));

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
            if (Exposure.IsGuarded(AddressOf(listener), authenticator, certificates))
            {
                continue;
            }

            if (!options.AllowAnonymousFromAnywhere)
            {
                throw new EdgeConfigurationException(
                    $"Listeners: {listener.Address}:{listener.Port} is open to other machines, and clients need no credentials. "
                    + "Set Users, UsersFile, Tokens or Tls.ClientAuthoritiesFile, listen on 127.0.0.1, or set AllowAnonymousFromAnywhere to true.");
            }

            logger.AnonymousFromAnywhere($"{listener.Address}:{listener.Port}");
        }
    }
}
