using System.Net;
using System.Security.Claims;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.Query.Access;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>
/// Who comes in over HTTP. While there are no users the door is open on loopback, and whoever is on this machine may do everything. Once there are some it is closed,
/// and stays closed as long as the process lives: removing the last user opens nothing.
/// </summary>
internal sealed class Door : IAsyncDisposable
{
    private const int MetricsTokenBytesMin = 16;
    private static readonly TimeSpan MetricsTokenLook = TimeSpan.FromSeconds(5);

    private readonly EdgeOptions _edge;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private string? _metricsToken;
    private long _metricsTokenAt;
    private bool _closed;

    /// <param name="options">All settings.</param>
    /// <param name="loggers">Logging; the audit log is its category Telemetry.Audit.</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">What doors of several processes share; null: this one is alone.</param>
    /// <exception cref="EdgeConfigurationException">The users file or the tokens file cannot be used.</exception>
    public Door(TelemetryOptions options, ILoggerFactory loggers, TimeProvider time, IRecordLog? log = null)
    {
        (Options, _edge, _time) = (options.Access, options.Edge, time);
        _logger = loggers.CreateLogger<Door>();
        Users = new WebUsers(options.Edge, loggers, time);
        Tokens = new ApiTokens(TokensFileOf(options), time, _logger);
        Shared = log is null ? null : new DoorOnLog(log, time, _logger);
        Sessions = new SessionStore(options.Access.SessionsMax, time, Shared?.Sessions, _logger);
        Sessions.Follow();
        Shared?.Start();
        Audit = new HttpAudit(loggers, time);
        Names = new HostNames(options.Access);
        AuditFile = options.Logging.AuditFile;
        ReadMetricsToken();
    }

    public AccessOptions Options { get; }

    public WebUsers Users { get; }

    public ApiTokens Tokens { get; }

    public SessionStore Sessions { get; }

    /// <summary>What doors of several processes share; null: this one is alone.</summary>
    public DoorOnLog? Shared { get; }

    public HttpAudit Audit { get; }

    public HostNames Names { get; }

    /// <summary>Where the audit log is; empty: only among the other logs.</summary>
    public string AuditFile { get; }

    /// <summary>True once anybody can prove who it is.</summary>
    public bool IsClosed
    {
        get
        {
            if (!Volatile.Read(ref _closed) && HasCredentials())
            {
                Volatile.Write(ref _closed, true);
                AccessLog.Closed(_logger);
            }

            return Volatile.Read(ref _closed);
        }
    }

    /// <summary>Where API tokens are kept.</summary>
    public static string TokensFileOf(TelemetryOptions options) =>
        options.Access.TokensFile is { Length: > 0 } file ? file
        : options.Edge.UsersFile is { Length: > 0 } users ? users + ".tokens"
        : new DataDirectory(options.Data).Tokens;

    /// <summary>Refuses to stand open to other machines by accident, and says how it stands.</summary>
    /// <param name="http">Where HTTP is served.</param>
    /// <exception cref="IOException">It would stand open to other machines.</exception>
    public void CheckExposure(HttpOptions http)
    {
        IPAddress[] addresses = http.Tls.IsOn ? [http.Address, http.Tls.Address] : [http.Address];
        var exposed = addresses.Distinct().Where(a => !Exposure.IsLocal(a)).ToList();
        if (IsClosed)
        {
            if (!Exposure.IsLocal(http.Address) && Options.Proxies.Count == 0)
            {
                AccessLog.NotEncrypted(_logger, http.Address);
            }

            return;
        }

        foreach (var address in exposed)
        {
            if (Options.AllowAnonymousFromAnywhere)
            {
                AccessLog.OpenFromAnywhere(_logger, address);
            }
            else if (_edge.UsersFile is { Length: > 0 })
            {
                AccessLog.NobodyHasRole(_logger, address);
            }
            else
            {
                throw new IOException(
                    $"HTTP on {address}:{http.Port} would be open to other machines, and nobody needs credentials. Add a user (telemetry users add NAME --role administrator "
                    + "--users-file FILE) and set Edge:UsersFile, or Access:OpenId or Access:MetricsTokenFile; or listen on 127.0.0.1 (Http:Address), "
                    + "or set Access:AllowAnonymousFromAnywhere to true.");
            }
        }

        if (exposed.Count == 0)
        {
            AccessLog.OpenOnLoopback(_logger);
        }
    }

    /// <summary>True when whoever calls over this connection may do everything, because there are no users.</summary>
    public bool IsOpenFor(ConnectionInfo connection) =>
        !IsClosed && (Exposure.IsLocal(connection.LocalIpAddress) || Options.AllowAnonymousFromAnywhere);

    /// <summary>Whom a bearer token stands for; null when it is not good.</summary>
    public Person? JudgeBearer(string text)
    {
        if (Tokens.Find(text) is { } token)
        {
            return OfToken(token);
        }

        if (IsMetricsToken(text))
        {
            return new Person("metrics", null, DeviceScope.All, PersonKind.Metrics);
        }

        if (Users.JudgeToken(text) is { } jwt)
        {
            var (role, devices) = ClaimRoles.Of(Options, jwt.Claims);
            return new Person(jwt.User, role, devices, PersonKind.Jwt) { IsStillGood = () => _time.GetUtcNow() < jwt.ExpiresAt };
        }

        return null;
    }

    /// <summary>Whom a client certificate stands for that the handshake has taken; null when no user has it.</summary>
    public Person? JudgeCertificate(HttpContext context)
    {
        var features = context.Features;
        return ServerTls.CertificateName(features) is { } name && Users.Access.GetValueOrDefault(name) is { Certificate: true } access
            ? new Person(name, access.Role, DeviceScope.Of(access.Devices), PersonKind.Certificate)
            {
                IsStillGood = () => Users.Access.GetValueOrDefault(name) is { Certificate: true } && ServerTls.CertificateName(features) == name,
            }
            : null;
    }

    /// <summary>Who has the session that a cookie stood for; null when it has ended, or its user has another password or is none any more.</summary>
    public Person? JudgeSession(ClaimsPrincipal? principal)
    {
        if (principal?.Identity is not ClaimsIdentity { IsAuthenticated: true } identity
            || identity.FindFirst(Person.SessionClaim)?.Value is not { } key
            || identity.Name is not { } name
            || !Enum.TryParse<PersonKind>(identity.FindFirst(Person.KindClaim)?.Value, out var kind))
        {
            return null;
        }

        if (!IsSessionGood(identity, key, name, kind))
        {
            Sessions.Remove(key);
            return null;
        }

        // What the users file says now counts, not what it said when the session began.
        var access = kind == PersonKind.Password ? Users.Access.GetValueOrDefault(name) : null;
        UserRole? role = access?.Role ?? (Enum.TryParse<UserRole>(identity.FindFirst(Person.RoleClaim)?.Value, out var held) ? (UserRole?)held : null);
        var devices = access is not null ? access.Devices : [.. identity.FindAll(Person.DevicesClaim).Select(c => c.Value)];
        return new Person(name, role, DeviceScope.Of(devices), kind) { IsStillGood = () => IsSessionGood(identity, key, name, kind) };
    }

    /// <summary>The person of a name in the users file.</summary>
    public Person? PersonOf(string name) => Users.Access.GetValueOrDefault(name) is { } access
        ? new Person(name, access.Role, DeviceScope.Of(access.Devices), PersonKind.Password)
        : null;

    public async ValueTask DisposeAsync()
    {
        await Users.DisposeAsync();
        if (Shared is not null)
        {
            await Shared.DisposeAsync();
        }
    }

    private bool IsSessionGood(ClaimsIdentity identity, string key, string name, PersonKind kind)
    {
        var since = long.TryParse(identity.FindFirst(Person.SinceClaim)?.Value, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
        return Sessions.Has(key)
            && _time.GetUtcNow() < since + Options.SessionMax
            && (kind != PersonKind.Password
                || (Users.Access.ContainsKey(name) && Users.StampOf(name) is { } stamp && stamp == identity.FindFirst(Person.StampClaim)?.Value));
    }

    private Person? OfToken(ApiToken token)
    {
        if (!token.IsOfUser)
        {
            return new Person(token.Owner, token.Role, DeviceScope.Of(token.Devices), PersonKind.Token) { IsStillGood = () => Tokens.IsGood(token.Id) };
        }

        // Never more than its owner has now.
        return Users.Access.GetValueOrDefault(token.Owner) is { } access
            ? new Person(
                token.Owner,
                (UserRole)Math.Min((int)token.Role, (int)access.Role),
                DeviceScope.Of(token.Devices.Count > 0 && access.Devices.Count == 0 ? token.Devices : access.Devices),
                PersonKind.Token)
            {
                IsStillGood = () => Tokens.IsGood(token.Id) && Users.Access.ContainsKey(token.Owner),
            }
            : null;
    }

    private bool HasCredentials() => Users.Any || Users.TakesTokens || Options.OpenId.IsOn || Options.MetricsTokenFile.Length > 0 || Tokens.Any;

    private bool IsMetricsToken(string text)
    {
        if (Options.MetricsTokenFile.Length == 0)
        {
            return false;
        }

        ReadMetricsToken();
        return Volatile.Read(ref _metricsToken) is { } token
            && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
                System.Text.Encoding.UTF8.GetBytes(token), System.Text.Encoding.UTF8.GetBytes(text));
    }

    private void ReadMetricsToken()
    {
        lock (_gate)
        {
            if (Options.MetricsTokenFile.Length == 0 || (_metricsTokenAt != 0 && _time.GetElapsedTime(_metricsTokenAt) < MetricsTokenLook))
            {
                return;
            }

            _metricsTokenAt = _time.GetTimestamp();
            try
            {
                var token = File.ReadLines(Options.MetricsTokenFile).FirstOrDefault()?.Trim() ?? "";
                if (token.Length < MetricsTokenBytesMin)
                {
                    throw new IOException($"its first line has {token.Length} characters; a token has {MetricsTokenBytesMin} at least.");
                }

                Volatile.Write(ref _metricsToken, token);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Volatile.Write(ref _metricsToken, null);
                AccessLog.MetricsTokenNotRead(_logger, Options.MetricsTokenFile, exception.Message);
            }
        }
    }
}
