using Microsoft.AspNetCore.Antiforgery;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Users;
using Telemetry.Query.Access;

namespace Telemetry.Host.Access;

/// <summary>
/// Lets a request through to its endpoint, or not: who calls, what the endpoint needs (<see cref="AccessTable"/>), and for what changes something whether it was
/// meant. What was done is in the audit log.
/// </summary>
internal sealed class DoorGuard(RequestDelegate next, Door door, IAntiforgery antiforgery, TimeProvider time)
{
    private const string BearerPrefix = "Bearer ";
    private static readonly TimeSpan StreamLook = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var entry = AccessTable.Of(request.Method, context.GetEndpoint());
        var changes = Changes(request.Method) && !entry.IsQuestion;
        if (entry.Need == Need.Broker)
        {
            await next(context);
            return;
        }

        if (changes && !door.Names.MayChange(request))
        {
            await RefuseAsync(context, null, StatusCodes.Status403Forbidden, "origin", "This page may not change anything here",
                "The request comes from a page that is not this server's own nor one of Access:AllowedOrigins.");
            return;
        }

        var bearer = BearerOf(request);
        var person = bearer is not null
            ? door.JudgeBearer(bearer)
            : door.JudgeSession(context.User) ?? door.JudgeCertificate(context) ?? (door.IsOpenFor(context.Connection) ? Person.Local : null);
        if (entry.Need != Need.Anyone && !await MayAsync(context, entry, person, bearer is not null))
        {
            return;
        }

        if (changes && entry.Need != Need.Anyone && person is { Kind: PersonKind.Password or PersonKind.OpenId } && !await antiforgery.IsRequestValidAsync(context))
        {
            // A browser sends its cookie by itself; the token is what only our own pages can read.
            await RefuseAsync(context, person, StatusCodes.Status403Forbidden, "antiforgery", "The request was not meant by this session's page",
                $"Send the token that GET /api/v1/session gives as the header {DoorSetup.AntiforgeryHeader}. Programs use an API token instead of a session.");
            return;
        }

        if (person is not null)
        {
            context.Features.Set(person);
            context.Features.Set(new Caller(person.Kind == PersonKind.Local ? null : person.Name, person.Devices));
        }

        await RunAsync(context, entry, person, changes);
    }

    private static bool Changes(string method) =>
        !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method));

    private async Task RunAsync(HttpContext context, AccessEntry entry, Person? person, bool changes)
    {
        if (entry.IsStream && person is not null)
        {
            using var ended = new CancellationTokenSource();
            var watching = WatchAsync(context, person, ended.Token);
            try
            {
                await next(context);
            }
            finally
            {
                await ended.CancelAsync();
                await watching;
            }

            return;
        }

        if (!changes || person is null)
        {
            await next(context);
            return;
        }

        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        finally
        {
            door.Audit.Acted(person, context, status);
        }
    }

    /// <summary>Ends a stream when whoever opened it has signed out or lost its role.</summary>
    private async Task WatchAsync(HttpContext context, Person person, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(StreamLook, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                if (!person.IsStillGood())
                {
                    context.Abort();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The stream has ended by itself.
            return;
        }
    }

    /// <summary>True when the person may; otherwise the refusal is written.</summary>
    private async Task<bool> MayAsync(HttpContext context, AccessEntry entry, Person? person, bool hasBearer)
    {
        var need = entry.Need.Role()!.Value;
        if (person?.Has(need) == true && entry.NeedsAllDevices && !person.Devices.IsAll)
        {
            await RefuseAsync(context, person, StatusCodes.Status403Forbidden, "some-devices", "That is for who sees all devices",
                $"'{person.Name}' sees some devices, and this cannot be limited to them.");
            return false;
        }

        if (person?.Has(need) == true || (entry.Need == Need.Metrics && (person?.Kind == PersonKind.Metrics || (person is null && !hasBearer && IsFromHere(context)))))
        {
            return true;
        }

        if (person is not null)
        {
            await RefuseAsync(context, person, StatusCodes.Status403Forbidden, "forbidden", "That needs another role",
                person.Role is { } role
                    ? $"This needs the role {UserAccess.NameOf(need)}; '{person.Name}' is {UserAccess.NameOf(role)}."
                    : $"This needs the role {UserAccess.NameOf(need)}; '{person.Name}' has none here.");
            return false;
        }

        if (!hasBearer && IsPage(context))
        {
            context.Response.Redirect("/signin?return=" + Uri.EscapeDataString(context.Request.Path + context.Request.QueryString));
            return false;
        }

        await RefuseAsync(context, null, StatusCodes.Status401Unauthorized, hasBearer ? "bad-token" : "unauthenticated",
            hasBearer ? "The token is not good" : "Who are you?",
            hasBearer
                ? "It is not known, has expired or was revoked."
                : "Sign in at /signin, or send an API token as Authorization: Bearer TOKEN (telemetry users token add).");
        return false;
    }

    /// <summary>From this machine, and not by way of a proxy on it, which would speak for everybody.</summary>
    private static bool IsFromHere(HttpContext context) =>
        Exposure.IsLocal(context.Connection.LocalIpAddress) && Exposure.IsLocal(context.Connection.RemoteIpAddress)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For") && !context.Request.Headers.ContainsKey("Forwarded")
        && (context.Request.Host.Host is "localhost" || System.Net.IPAddress.TryParse(context.Request.Host.Host, out _));

    /// <summary>A browser that wants a page, not a program that wants data.</summary>
    private static bool IsPage(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/api")
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static string? BearerOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.Length == 0 ? null : header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase) ? header[BearerPrefix.Length..].Trim() : "";
    }

    private Task RefuseAsync(HttpContext context, Person? person, int status, string code, string title, string detail)
    {
        door.Audit.Refused(person?.Name, context, status, code);
        return DoorProblem.WriteAsync(context, status, code, title, detail);
    }
}
