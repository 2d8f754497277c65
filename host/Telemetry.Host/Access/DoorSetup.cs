using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.OpenApi;
using IPNetwork = System.Net.IPNetwork;

namespace Telemetry.Host.Access;

/// <summary>Puts the door into a web application: ASP.NET Core's cookies, antiforgery, forwarded headers and OpenID Connect, and what is ours around them.</summary>
internal static class DoorSetup
{
    /// <summary>Header with the antiforgery token.</summary>
    public const string AntiforgeryHeader = "X-Telemetry-Antiforgery";

    /// <summary>Cookie with the key of the session.</summary>
    public const string SessionCookie = "telemetry-session";

    private const string AntiforgeryCookie = "telemetry-antiforgery";
    private static readonly PathString OpenIdCallback = "/signin/openid/callback";

    /// <summary>Adds what it needs. Call before the application is built.</summary>
    public static void AddDoor(this IServiceCollection services, Door door)
    {
        var options = door.Options;
        services.AddSingleton(door);
        if (door.Shared is { } shared)
        {
            // One name for all processes: what one has made the others understand.
            services.AddDataProtection().SetApplicationName("telemetry");
            services.Configure<KeyManagementOptions>(keys => keys.XmlRepository = shared.Keys);

            // It would read the keys before the log is there, and log an error. They are read when the first cookie needs them.
            foreach (var reader in services.Where(s => s.ImplementationType?.Name == "DataProtectionHostedService").ToList())
            {
                services.Remove(reader);
            }
        }
        else
        {
            // Keys of this process: a session is in its memory, so no key need outlive it.
            services.AddDataProtection().UseEphemeralDataProtectionProvider();
        }

        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.HeaderName = AntiforgeryHeader;
            antiforgery.Cookie.Name = AntiforgeryCookie;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        var authentication = services.AddAuthentication(DoorSchemes.Session).AddCookie(DoorSchemes.Session, cookie =>
        {
            cookie.Cookie.Name = SessionCookie;
            cookie.Cookie.HttpOnly = true;
            // Lax, not Strict: the way back from an OpenID Connect provider begins on its page.
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = options.SessionIdle;
            cookie.SlidingExpiration = true;
            cookie.SessionStore = door.Sessions;
            cookie.LoginPath = "/signin";
        });
        if (options.OpenId.IsOn)
        {
            authentication.AddOpenIdConnect(DoorSchemes.OpenId, openId => Configure(openId, door));
        }

        // After the API has described itself.
        services.PostConfigure<OpenApiOptions>("v1", AccessOpenApi.Configure);
        if (options.Proxies.Count > 0)
        {
            services.Configure<ForwardedHeadersOptions>(forwarded =>
            {
                forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
                forwarded.KnownProxies.Clear();
                forwarded.KnownIPNetworks.Clear();
                foreach (var proxy in options.Proxies)
                {
                    forwarded.KnownIPNetworks.Add(
                        IPNetwork.TryParse(proxy, out var network) ? network : IPNetwork.Parse(proxy + (proxy.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")));
                }
            });
        }
    }

    /// <summary>Puts it in front of the endpoints: names, routing, who calls, and the guard.</summary>
    public static void UseDoor(this WebApplication application, Door door)
    {
        if (door.Options.Proxies.Count > 0)
        {
            application.UseForwardedHeaders();
        }

        application.UseMiddleware<DoorFront>();
        application.UseRouting();
        application.UseAuthentication();
        application.UseMiddleware<DoorGuard>();
    }

    /// <summary>Begins a session.</summary>
    public static async Task SignInAsync(HttpContext context, Door door, Person person, string? stamp)
    {
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        await context.SignInAsync(DoorSchemes.Session, new ClaimsPrincipal(person.ToIdentity(stamp, now)));
        door.Audit.SignedIn(person, context.Connection.RemoteIpAddress);
    }

    private static void Configure(OpenIdConnectOptions openId, Door door)
    {
        var options = door.Options.OpenId;
        openId.Authority = options.Authority!.ToString();
        openId.RequireHttpsMetadata = !options.Authority.IsLoopback;
        openId.ClientId = options.ClientId;
        openId.ClientSecret = options.ClientSecretFile.Length > 0 ? File.ReadLines(options.ClientSecretFile).FirstOrDefault()?.Trim() : null;
        openId.SignInScheme = DoorSchemes.Session;
        openId.CallbackPath = OpenIdCallback;
        openId.ResponseType = "code";
        // The answer comes as a query, so that cookies can be Lax and work without TLS on loopback.
        openId.ResponseMode = "query";
        openId.UsePkce = true;
        openId.SaveTokens = false;
        openId.MapInboundClaims = false;
        openId.GetClaimsFromUserInfoEndpoint = options.AsksUserInfo;
        openId.Scope.Clear();
        openId.Scope.Add("openid");
        foreach (var scope in options.Scopes)
        {
            openId.Scope.Add(scope);
        }

        foreach (var cookie in new[] { openId.CorrelationCookie, openId.NonceCookie })
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        openId.ClaimActions.MapAll();
        openId.Events.OnTicketReceived = context =>
        {
            var claims = context.Principal?.Claims.ToList() ?? [];
            var (role, devices) = ClaimRoles.Of(door.Options, claims);
            var name = claims.FirstOrDefault(c => c.Type == options.NameClaim)?.Value ?? claims.FirstOrDefault(c => c.Type == "sub")?.Value ?? "";
            var remote = context.HttpContext.Connection.RemoteIpAddress;
            if (role is null || name.Length == 0)
            {
                door.Audit.SignInRefused(name, remote, $"the provider names no role in the claim '{door.Options.RoleClaim}'");
                context.Response.Redirect("/signin?problem=role");
                context.HandleResponse();
                return Task.CompletedTask;
            }

            var person = new Person(name, role, devices, PersonKind.OpenId);
            var now = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
            context.Principal = new ClaimsPrincipal(person.ToIdentity(stamp: null, now));
            // The session ends by its own rules, not with the provider's token.
            context.Properties = new AuthenticationProperties();
            door.Audit.SignedIn(person, remote);
            return Task.CompletedTask;
        };
        openId.Events.OnRemoteFailure = context =>
        {
            door.Audit.SignInRefused("", context.HttpContext.Connection.RemoteIpAddress, "openid: " + context.Failure?.Message);
            context.Response.Redirect("/signin?problem=openid");
            context.HandleResponse();
            return Task.CompletedTask;
        };
    }
}
