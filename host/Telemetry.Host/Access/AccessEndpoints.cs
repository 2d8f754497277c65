using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Telemetry.Contracts.Text;
using Telemetry.Edge;
using Telemetry.Edge.Security.Users;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>Who am I; API tokens; users; the audit log.</summary>
internal static class AccessEndpoints
{
    private const int EntriesDefault = 100;
    private const int EntriesMax = 1_000;
    private const int TokenBodyBytesMax = 16 * 1024;

    public static void Map(IEndpointRouteBuilder routes, Door door)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Access");
        group.MapGet("/session", (HttpContext context, IAntiforgery antiforgery) => Session(context, door, antiforgery))
            .WithName("session").WithSummary("Who is asking, and what they may")
            .WithDescription("With 'antiforgery': the header that a browser's session has to send with whatever changes something.")
            .Produces<SessionAnswer>();
        group.MapGet("/tokens", (HttpContext context) => Tokens(context, door))
            .WithName("tokens").WithSummary("API tokens, newest first").WithDescription("One's own; an administrator sees all. Never the secret.")
            .Produces<TokensAnswer>();
        // As Delegate, not as RequestDelegate: only those are described in the OpenAPI document.
        group.MapPost("/tokens", (Delegate)((HttpContext context) => AddTokenAsync(context, door)))
            .WithName("tokenAdd").WithSummary("Make an API token")
            .WithDescription("Body: {\"label\": \"grafana\", \"role\": \"viewer\", \"expires\": \"90d\", \"devices\": [\"press-*\"]}. The answer holds the token; it is shown this once. Not for callers that show a token themselves.")
            .Accepts<TokenRequest>("application/json").Produces<TokenMade>(StatusCodes.Status201Created);
        group.MapDelete("/tokens/{id}", (HttpContext context, string id) => RevokeAsync(context, door, id))
            .WithName("tokenRevoke").WithSummary("Revoke an API token").WithDescription("One's own; an administrator may revoke any. It counts at once here, and within two seconds in other processes over the same file.")
            .Produces(StatusCodes.Status204NoContent);
        group.MapGet("/users", () => Users(door))
            .WithName("users").WithSummary("Users that have a role").WithDescription("From the users file, without anything of their passwords.")
            .Produces<UsersAnswer>();
        group.MapGet("/audit", (Delegate)((HttpContext context) => AuditAsync(context, door)))
            .WithName("audit").WithSummary("The audit log, newest first")
            .WithDescription("Of all processes over the log: what was done and refused over HTTP and MQTT. 'limit' up to 1000 (100), 'before' an RFC 3339 time, 'user' a name.")
            .Produces<AuditAnswer>();
    }

    private static IResult Session(HttpContext context, Door door, IAntiforgery antiforgery)
    {
        var person = context.Features.Get<Person>()!;
        var isSession = person.Kind is PersonKind.Password or PersonKind.OpenId;
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new SessionAnswer(
            person.Name,
            person.Role is { } role ? UserAccess.NameOf(role) : null,
            person.Kind.ToString().ToLowerInvariant(),
            person.Devices.Patterns,
            !door.IsClosed,
            isSession,
            isSession ? new AntiforgeryAnswer(DoorSetup.AntiforgeryHeader, antiforgery.GetAndStoreTokens(context).RequestToken!) : null));
    }

    private static IResult Tokens(HttpContext context, Door door)
    {
        var person = context.Features.Get<Person>()!;
        return Results.Json(new TokensAnswer([.. door.Tokens.List()
            .Where(t => person.Has(UserRole.Administrator) || t.Owner == person.Name)
            .Select(TokenView.Of)]));
    }

    private static async Task AddTokenAsync(HttpContext context, Door door)
    {
        var person = context.Features.Get<Person>()!;
        if (person.Kind is not (PersonKind.Password or PersonKind.OpenId) || person.Role is not { } own)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status403Forbidden, "no-session", "Tokens are made by people who have signed in",
                "Sign in at /signin; for a service use: telemetry users token add NAME --role ROLE. A token cannot make another one.");
            return;
        }

        try
        {
            var body = await ReadAsync(context);
            var role = body.Role is { } text ? UserAccess.ParseRole(text) : own;
            IReadOnlyList<string> devices = body.Devices is { Count: > 0 } list ? UserAccess.ParseDevices(string.Join(',', list)) : person.Devices.Patterns;
            var lifetime = DurationText.Parse(body.Expires ?? "90d");
            if (role > own || (!person.Devices.IsAll && !devices.All(person.Devices.Patterns.Contains)))
            {
                throw new FormatException($"A token cannot have more than its owner: the role {UserAccess.NameOf(own)}, and the devices {(person.Devices.IsAll ? "all" : string.Join(',', person.Devices.Patterns))}.");
            }

            if (lifetime <= TimeSpan.Zero || lifetime > door.Options.TokenLifetimeMax)
            {
                throw new FormatException($"'expires' is more than nothing and {door.Options.TokenLifetimeMax.TotalDays:0.#} days at most (Access:TokenLifetimeMax).");
            }

            var (token, secret) = door.Tokens.Add(person.Name, person.Kind == PersonKind.Password, role, devices, body.Label ?? "", lifetime);
            door.Audit.TokenChanged("made", token, person.Name, context.Connection.RemoteIpAddress);
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.Location = $"/api/v1/tokens/{token.Id}";
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(new TokenMade(secret, TokenView.Of(token)), context.RequestAborted);
        }
        catch (FormatException error)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status400BadRequest, "bad-token-request", "The request for a token is not usable", error.Message);
        }
        catch (EdgeConfigurationException error)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "tokens-not-kept", "Tokens cannot be kept here",
                error.Message + " On a machine where it can be written: telemetry users token add.");
        }
    }

    private static async Task RevokeAsync(HttpContext context, Door door, string id)
    {
        var person = context.Features.Get<Person>()!;
        var token = door.Tokens.List().FirstOrDefault(t => t.Id == id && (person.Has(UserRole.Administrator) || t.Owner == person.Name));
        try
        {
            if (token is null || !door.Tokens.Revoke(id))
            {
                await DoorProblem.WriteAsync(context, StatusCodes.Status404NotFound, "not-found", "Nothing there", $"There is no token '{id}' that is yours.");
                return;
            }

            door.Audit.TokenChanged("revoked", token, person.Name, context.Connection.RemoteIpAddress);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (EdgeConfigurationException error)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "tokens-not-kept", "Tokens cannot be changed here", error.Message);
        }
    }

    private static async Task<TokenRequest> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType() || context.Request.ContentLength > TokenBodyBytesMax)
        {
            throw new FormatException($"The body must be JSON of at most {TokenBodyBytesMax} bytes, with Content-Type: application/json.");
        }

        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = TokenBodyBytesMax;
        }

        try
        {
            return await context.Request.ReadFromJsonAsync<TokenRequest>(context.RequestAborted) ?? throw new FormatException("The body is null.");
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or BadHttpRequestException)
        {
            throw new FormatException("The body is not usable: " + error.Message, error);
        }
    }

    private static IResult Users(Door door) => Results.Json(new UsersAnswer([.. door.Users.Access
        .OrderBy(u => u.Key, StringComparer.Ordinal)
        .Select(u => new UserView(u.Key, UserAccess.NameOf(u.Value.Role), u.Value.Mqtt, u.Value.Certificate, door.Users.StampOf(u.Key) is not null, u.Value.Devices))]));

    private static async Task<IResult> AuditAsync(HttpContext context, Door door)
    {
        var query = context.Request.Query;
        var limit = int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? Math.Clamp(given, 1, EntriesMax) : EntriesDefault;
        DateTimeOffset? before = null;
        if (query["before"].ToString() is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return Results.Problem("'before' is not an RFC 3339 time such as 2026-03-01T12:00:00Z.", statusCode: StatusCodes.Status400BadRequest, type: "urn:telemetry:problem:bad-parameter");
            }

            before = time;
        }

        door.Audit.AuditRead(context.Features.Get<Person>()!, context.Connection.RemoteIpAddress);
        var user = query["user"].ToString() is { Length: > 0 } name ? name : null;
        IReadOnlyList<AuditEntry> entries;
        try
        {
            entries = door.Shared is { } shared ? await shared.Audit.ReadAsync(limit, before, user, context.RequestAborted)
                : door.AuditFile.Length == 0 ? []
                : new AuditReader(door.AuditFile).Read(limit, before, user);
        }
        catch (RecordLogException error)
        {
            return Results.Problem(error.Message, statusCode: StatusCodes.Status503ServiceUnavailable, type: "urn:telemetry:problem:log-unavailable");
        }

        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new AuditAnswer(entries, entries.Count == limit ? entries[^1].Time : null));
    }
}

/// <summary>Who is asking.</summary>
/// <param name="User">Name; 'local' while there are no users.</param>
/// <param name="Role">viewer, operator, engineer or administrator.</param>
/// <param name="Kind">local, password, openid, token, jwt or certificate.</param>
/// <param name="Devices">Patterns of the device ids one sees; empty: all.</param>
/// <param name="Open">True while there are no users, so that whoever is on this machine may do everything.</param>
/// <param name="CanSignOut">True in a browser's session.</param>
/// <param name="Antiforgery">What a session sends with whatever changes something.</param>
internal sealed record SessionAnswer(
    string User, string? Role, string Kind, IReadOnlyList<string> Devices, bool Open, bool CanSignOut, AntiforgeryAnswer? Antiforgery);

/// <summary>A header and its value.</summary>
internal sealed record AntiforgeryAnswer(string Header, string Token);

/// <summary>A token that is asked for.</summary>
/// <param name="Label">What for.</param>
/// <param name="Role">At most one's own; left out: one's own.</param>
/// <param name="Expires">After how long, for example 90d (default).</param>
/// <param name="Devices">Patterns of device ids; left out: all that one sees.</param>
internal sealed record TokenRequest(string? Label, string? Role, string? Expires, IReadOnlyList<string>? Devices);

/// <summary>A token as it is listed.</summary>
internal sealed record TokenView(
    string Id, string Owner, string Role, IReadOnlyList<string> Devices, string Label, DateTimeOffset Created, DateTimeOffset Expires)
{
    public static TokenView Of(ApiToken token) =>
        new(token.Id, token.Owner, UserAccess.NameOf(token.Role), token.Devices, token.Label, token.Created, token.Expires);
}

/// <summary>A new token: the only time that its secret is shown.</summary>
internal sealed record TokenMade(string Token, TokenView About);

/// <summary>Tokens.</summary>
internal sealed record TokensAnswer(IReadOnlyList<TokenView> Tokens);

/// <summary>A user that has a role.</summary>
internal sealed record UserView(string Name, string Role, bool Mqtt, bool Certificate, bool Password, IReadOnlyList<string> Devices);

/// <summary>Users.</summary>
internal sealed record UsersAnswer(IReadOnlyList<UserView> Users);

/// <summary>Lines of the audit log.</summary>
/// <param name="Entries">Newest first.</param>
/// <param name="Next">Ask with this as 'before' for older ones; null: there are none.</param>
internal sealed record AuditAnswer(IReadOnlyList<AuditEntry> Entries, DateTimeOffset? Next);
