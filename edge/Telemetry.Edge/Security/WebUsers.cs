using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Reloading;
using Telemetry.Edge.Security.Tokens;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Edge.Security;

/// <summary>
/// The users that come in by HTTP: those with a role in the users file that MQTT has too, with the same password hashes, limits on guessing, and JSON Web
/// Tokens. The file is read again when it changes; one that cannot be used changes nothing.
/// </summary>
public sealed class WebUsers : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>A file that changes must stand still for so long.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(200);

    private readonly EdgeOptions _options;
    private readonly PasswordAuthenticator _passwords;
    private readonly TokenJudge? _tokens;
    private readonly ReloadablePart? _part;
    private readonly ITimer? _timer;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();

    /// <param name="options">Where the users file and the keys of tokens are, and how dear hashes may be.</param>
    /// <param name="loggers">Logs under the category Telemetry.Edge.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="EdgeConfigurationException">The file cannot be used.</exception>
    public WebUsers(EdgeOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _logger = loggers.CreateLogger("Telemetry.Edge");
        _passwords = new PasswordAuthenticator(UserTable.Load(options, forHttp: true), options.Passwords, time);
        _tokens = options.Tokens.IsOn ? new TokenJudge(options.Tokens, new KeySource(options.Tokens, time, _logger), time) : null;
        if (options.UsersFile is { Length: > 0 } file)
        {
            _part = new ReloadablePart("users of HTTP", [file], () => _passwords.Users = UserTable.Load(options, _passwords.Users, forHttp: true));
            _part.MarkLoaded();
            _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
        }
    }

    /// <summary>Some user has a role.</summary>
    public bool Any => _passwords.Users.Access.Count > 0;

    /// <summary>JSON Web Tokens are taken.</summary>
    public bool TakesTokens => _tokens is not null;

    /// <summary>Users and what they may do.</summary>
    public IReadOnlyDictionary<string, UserAccess> Access => _passwords.Users.Access;

    /// <summary>Compares a password with that of a user who has a role. Slow on purpose; wrong ones wait.</summary>
    public ValueTask<AuthenticationOutcome> CheckPasswordAsync(
        string name, ReadOnlyMemory<byte> password, EndPoint? remote, CancellationToken cancellationToken) =>
        _passwords.CheckAsync(name, password, remote, cancellationToken);

    /// <summary>Changes whenever the user's password does, or the user goes; null when there is no such user with a password.</summary>
    public string? StampOf(string name) => _passwords.Users.Find(name) is { } user
        ? Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(user.Text)))
        : null;

    /// <summary>Whom a JSON Web Token names, until when, and its claims; null when it is not good.</summary>
    public (string User, DateTimeOffset ExpiresAt, IReadOnlyList<Claim> Claims)? JudgeToken(string token) =>
        _tokens?.Read(Encoding.UTF8.GetBytes(token)) is { } good ? (good.User, good.ExpiresAt, good.Claims) : null;

    /// <summary>Reads the file again now.</summary>
    public void Reload() => Look(force: true);

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        if (_tokens is not null)
        {
            await _tokens.Keys.DisposeAsync();
        }
    }

    private void Look(bool force = false)
    {
        if (_part is null)
        {
            return;
        }

        lock (_gate)
        {
            if (!_part.HasChanged(SettleTime, out _) && !force)
            {
                return;
            }

            try
            {
                _part.Load();
                _logger.Reloaded(_part.Name, _options.UsersFile!);
            }
            catch (Exception exception)
            {
                // Whatever is wrong with the new file, the old one goes on.
                _logger.NotReloaded(_part.Name, exception.Message);
            }
        }
    }
}
