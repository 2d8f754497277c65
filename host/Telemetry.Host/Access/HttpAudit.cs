using System.Net;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Logging;

namespace Telemetry.Host.Access;

/// <summary>
/// Who came in over HTTP, did what and was refused what, in the audit log that MQTT has too. Whoever is refused causes its own lines, so of
/// those only so many a second are written, and the next says how many were not.
/// </summary>
internal sealed class HttpAudit(ILoggerFactory loggers, TimeProvider time)
{
    private const int RefusalsAtOnce = 50;
    private const double RefusalsPerSecond = 10;

    /// <summary>Characters of what a client chose that are written.</summary>
    private const int CharactersMax = 200;

    private readonly ILogger _logger = loggers.CreateLogger(LoggingSetup.AuditCategory);
    private readonly Lock _gate = new();
    private double _lines = RefusalsAtOnce;
    private long _at = time.GetTimestamp();
    private long _heldBack;

    public void SignedIn(Person person, IPAddress? remote) =>
        AccessLog.SignedIn(_logger, Short(person.Name), person.Kind, RoleOf(person), remote);

    public void SignInRefused(string user, IPAddress? remote, string reason)
    {
        if (MayWrite(out var heldBack))
        {
            AccessLog.SignInRefused(_logger, Short(user), remote, reason, heldBack);
        }
    }

    public void SignedOut(Person person, IPAddress? remote) => AccessLog.SignedOut(_logger, Short(person.Name), remote);

    public void Acted(Person person, HttpContext context, int status) => AccessLog.Acted(
        _logger, Short(person.Name), person.Kind, RoleOf(person), context.Connection.RemoteIpAddress, context.Request.Method, Short(context.Request.Path), status);

    public void Refused(string? user, HttpContext context, int status, string reason)
    {
        if (MayWrite(out var heldBack))
        {
            AccessLog.Refused(
                _logger, Short(user ?? "nobody"), context.Connection.RemoteIpAddress, Short(context.Request.Method), Short(context.Request.Path), status, reason, heldBack);
        }
    }

    public void TokenChanged(string act, ApiToken token, string by, IPAddress? remote) =>
        AccessLog.TokenChanged(_logger, act, token.Id, Short(token.Owner), UserAccess.NameOf(token.Role), Short(by), remote);

    public void AuditRead(Person person, IPAddress? remote) => AccessLog.AuditRead(_logger, Short(person.Name), remote);

    private static string RoleOf(Person person) => person.Role is { } role ? UserAccess.NameOf(role) : "no role";

    private static string Short(string text) => text.Length > CharactersMax ? text[..CharactersMax] + "..." : text;

    private bool MayWrite(out long heldBack)
    {
        lock (_gate)
        {
            _lines = Math.Min(RefusalsAtOnce, _lines + (time.GetElapsedTime(_at).TotalSeconds * RefusalsPerSecond));
            _at = time.GetTimestamp();
            if (_lines < 1)
            {
                _heldBack++;
                heldBack = 0;
                return false;
            }

            _lines--;
            (heldBack, _heldBack) = (_heldBack, 0);
            return true;
        }
    }
}
