using System.Net;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Auditing;
using Telemetry.Edge.Security.Limits;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Reloading;
using Telemetry.Edge.Security.Rules;
using Telemetry.Edge.Security.Scram;
using Telemetry.Edge.Security.Tokens;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Edge.Security;

/// <summary>Who may come in and do what, and what is said of those who may not.</summary>
internal sealed class BrokerSecurity : IDisposable
{
    private readonly ILogger _logger;
    private readonly ConnectionLimits _limits;
    private FileReloader? _reloader;
    private readonly Dictionary<HandshakeFailure, LogThrottle> _handshakes;

    public BrokerSecurity(IAuthenticator authenticator, IAuthorizer authorizer, LimitOptions limits, TimeProvider time, ILogger logger, ILogger audit)
    {
        Audit = new AuditLog(audit, time);
        _limits = new ConnectionLimits(limits, time);
        Authenticator = authenticator;
        Authorizer = authorizer;
        _logger = logger;
        _handshakes = Enum.GetValues<HandshakeFailure>().ToDictionary(cause => cause, _ => new LogThrottle(time));
        if ((authenticator as ClientAuthenticator)?.Passwords is { } passwords)
        {
            Metrics.Gauge("telemetry.edge.passwords.waiting", "{connection}", "Connections that wait for their password to be checked", () => passwords.Waiting);
        }
    }

    public IAuthenticator Authenticator { get; }

    public IAuthorizer Authorizer { get; }

    public SecurityMetrics Metrics { get; } = new();

    public AuditLog Audit { get; }

    /// <summary>Begins to watch the files of users, rules and more.</summary>
    /// <param name="options">Where they are.</param>
    /// <param name="more">Parts that others read.</param>
    /// <param name="reloaded">Called after something new is in force.</param>
    public void StartReloading(EdgeOptions options, IEnumerable<ReloadablePart> more, Action reloaded) =>
        _reloader = new FileReloader([.. Parts(options), .. more], options.ReloadInterval, reloaded, Metrics, Audit, _logger);

    /// <summary>Reads all files again.</summary>
    public void Reload() => _reloader?.ReloadAll();

    /// <summary>False when the user that the client proved to be is none any more.</summary>
    public bool IsKnown(MqttClientIdentity identity) => identity.UserName is not { } user || identity.IsFromToken
        || (Authenticator as ClientAuthenticator)?.Passwords is not { } passwords
        || passwords.Users.Find(user) is not null;

    public async ValueTask StopReloadingAsync()
    {
        if (_reloader is { } reloader)
        {
            await reloader.DisposeAsync();
        }

        if (Authenticator is ClientAuthenticator { Tokens.Keys: { } keys })
        {
            await keys.DisposeAsync();
        }
    }

    private IEnumerable<ReloadablePart> Parts(EdgeOptions options)
    {
        if (Authenticator is ClientAuthenticator { Passwords: { } passwords } && options.UsersFile is { Length: > 0 } users)
        {
            yield return new ReloadablePart("users", [users], () => passwords.Users = UserTable.Load(options, passwords.Users));
        }

        if (Authenticator is ClientAuthenticator { Tokens.Keys: { } keys } && options.Tokens.KeysFile is { Length: > 0 } keysFile)
        {
            yield return new ReloadablePart("keys of tokens", [keysFile], keys.LoadFile);
        }

        if (Authorizer is RuleAuthorizer rules && options.RulesFile is { Length: > 0 } file)
        {
            yield return new ReloadablePart("access rules", [file], () => rules.Rules = AccessRules.Load(options));
        }
    }

    /// <summary>Takes a place for a CONNECT under the limits by client, address and listener.</summary>
    /// <returns>Null, or the kind of limit that forbids it.</returns>
    public LimitKind? Enter(string clientId, EndPoint? remote, EndPoint? local, out LimitLease? lease)
    {
        var limit = _limits.TryEnter(clientId, remote, local, out lease);
        if (limit is { } reached)
        {
            LimitReached(reached);
        }

        return limit?.Kind;
    }

    /// <summary>A limit has refused a connect, or slows a connection down.</summary>
    public void LimitReached((LimitScope Scope, LimitKind Kind) limit) =>
        Metrics.Count((LimitReached)(((int)limit.Scope * 4) + (int)limit.Kind - 1));

    /// <summary>Begins an enhanced authentication.</summary>
    /// <returns>Null when the method is not offered.</returns>
    public IAuthExchange? StartExchange(string method, EndPoint? remote)
    {
        if (method == TokenExchange.Method && (Authenticator as ClientAuthenticator)?.Tokens is { } tokens)
        {
            return new TokenExchange(tokens);
        }

        if (method != ScramExchange.Method || (Authenticator as ClientAuthenticator)?.Passwords is not { Users.HasScram: true } passwords)
        {
            return null;
        }

        var address = SourceAddress.Of(remote);
        return new ScramExchange(
            user => passwords.Users.Find(user)?.Scram
                ?? ScramKeys.Decoy(passwords.Key, System.Text.Encoding.UTF8.GetBytes(user), passwords.Users.ScramIterations),
            user => passwords.Backoff.MayTry(address, user),
            (user, isRight) =>
            {
                if (isRight)
                {
                    passwords.Backoff.Succeeded(address, user);
                }
                else
                {
                    passwords.Backoff.Failed(address, user);
                }
            });
    }

    /// <summary>A TLS handshake came to nothing.</summary>
    public void HandshakeFailed(EndPoint? remote, HandshakeFailure cause, string message)
    {
        Metrics.Count(cause);
        if (_handshakes[cause].TryPass(out var heldBack))
        {
            _logger.HandshakeFailed(remote, cause, message, heldBack);
        }
    }

    public void Dispose() => Metrics.Dispose();
}
