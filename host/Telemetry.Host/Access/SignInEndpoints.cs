using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Edge;

namespace Telemetry.Host.Access;

/// <summary>The sign-in page, signing in by password or provider, and signing out.</summary>
internal static class SignInEndpoints
{
    private const int FormBytesMax = 16 * 1024;
    private const string PagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    public static void Map(IEndpointRouteBuilder routes, Door door)
    {
        routes.MapGet("/signin", (HttpContext context) => ShowAsync(context, door)).ExcludeFromDescription();
        routes.MapPost("/signin", (HttpContext context) => SignInAsync(context, door)).ExcludeFromDescription();
        routes.MapGet("/signin.css", (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return Results.Text(SignInPage.Css, "text/css");
        }).ExcludeFromDescription();
        routes.MapGet("/signin/openid", (HttpContext context) => ChallengeAsync(context, door)).ExcludeFromDescription();
        routes.MapPost("/signout", (HttpContext context) => SignOutAsync(context, door)).ExcludeFromDescription();
    }

    private static Task ShowAsync(HttpContext context, Door door)
    {
        var problem = context.Request.Query["problem"].ToString() switch
        {
            "role" => "You are known, but nobody has given you a role here. Ask an administrator.",
            "openid" => "The sign-in provider did not let you in. Try again.",
            _ => null,
        };
        return WriteAsync(context, door, StatusCodes.Status200OK, "", problem, context.Request.Query["return"]);
    }

    private static async Task SignInAsync(HttpContext context, Door door)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = FormBytesMax;
        }

        if (!context.Request.HasFormContentType)
        {
            await DoorProblem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "not-a-form", "Not a form", "Sign in by the page at /signin; programs use API tokens.");
            return;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (user, back) = (form["user"].ToString(), form["return"].ToString());
        if (!await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context))
        {
            await WriteAsync(context, door, StatusCodes.Status400BadRequest, user, "This page was too old. Try again.", back);
            return;
        }

        var connection = context.Connection;
        var remote = connection.RemoteIpAddress is { } address ? new System.Net.IPEndPoint(address, connection.RemotePort) : null;
        var outcome = await door.Users.CheckPasswordAsync(user, Encoding.UTF8.GetBytes(form["password"].ToString()), remote, context.RequestAborted);
        if (outcome == AuthenticationOutcome.Accepted && door.PersonOf(user) is { } person)
        {
            await DoorSetup.SignInAsync(context, door, person, door.Users.StampOf(user));
            context.Response.Redirect(HostNames.IsLocalPath(back) ? back : "/");
            return;
        }

        var isLate = outcome == AuthenticationOutcome.TryLater;
        door.Audit.SignInRefused(user, connection.RemoteIpAddress, isLate ? "too many tries" : "user or password is wrong");
        if (isLate)
        {
            context.Response.Headers.RetryAfter = "10";
        }

        await WriteAsync(
            context, door, isLate ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized, user,
            isLate ? "Too many wrong tries. Wait ten seconds." : "User or password is wrong.", back);
    }

    private static async Task ChallengeAsync(HttpContext context, Door door)
    {
        if (!door.Options.OpenId.IsOn)
        {
            context.Response.Redirect("/signin");
            return;
        }

        var back = context.Request.Query["return"].ToString();
        await context.ChallengeAsync(DoorSchemes.OpenId, new AuthenticationProperties { RedirectUri = HostNames.IsLocalPath(back) ? back : "/" });
    }

    private static async Task SignOutAsync(HttpContext context, Door door)
    {
        if (context.Features.Get<Person>() is { } person)
        {
            door.Audit.SignedOut(person, context.Connection.RemoteIpAddress);
        }

        await context.SignOutAsync(DoorSchemes.Session);
        context.Response.Headers["Clear-Site-Data"] = "\"cache\"";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task WriteAsync(HttpContext context, Door door, int status, string user, string? problem, string? back)
    {
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        var note = door.IsOpenFor(context.Connection)
            ? "This machine is open: there are no users yet. Make the first one: <code>telemetry users add NAME --role administrator --users-file FILE</code>, and start with <code>Edge:UsersFile</code>. <a href=\"/\">Go on without</a>"
            : !door.Users.Any && !door.Options.OpenId.IsOn
                ? "No user has a role yet, so nobody can sign in. An administrator of the machine makes one: <code>telemetry users add NAME --role administrator</code>"
                : null;
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentSecurityPolicy = PagePolicy;
        await context.Response.WriteAsync(
            SignInPage.Write(
                tokens.FormFieldName, tokens.RequestToken!, HostNames.IsLocalPath(back) ? back! : "/", user, problem, note, door.Users.Any,
                door.Options.OpenId.IsOn ? door.Options.OpenId.Label : null),
            context.RequestAborted);
    }
}
