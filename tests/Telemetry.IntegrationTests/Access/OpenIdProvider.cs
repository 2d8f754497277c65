using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Access;

/// <summary>A real OpenID Connect provider, OpenIddict, on a loopback port: whoever comes is signed in as the user it is told, without being asked.</summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "telemetry";

    private readonly WebApplication _application;

    private OpenIdProvider(WebApplication application, Uri address) => (_application, Address) = (application, address);

    public Uri Address { get; }

    /// <summary>Who signs in next.</summary>
    public string User { get; set; } = "olga";

    /// <summary>Its groups.</summary>
    public string[] Groups { get; set; } = [];

    /// <summary>Exchanges of a code that came with the proof of PKCE.</summary>
    public int Proved { get; private set; }

    public static async Task<OpenIdProvider> StartAsync()
    {
        var address = new Uri($"http://127.0.0.1:{FreePorts.Find()}/");
        OpenIdProvider? provider = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address.ToString());
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode();
            server.SetIssuer(address);
            server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            server.RegisterScopes("profile");
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId)
                {
                    context.Reject(OpenIddictConstants.Errors.InvalidClient, "This client is not known.");
                }

                return ValueTask.CompletedTask;
            }));
            server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                provider!.Proved += context.Request.CodeVerifier is { Length: > 0 } ? 1 : 0;
                return ValueTask.CompletedTask;
            }));
            server.AddEventHandler<OpenIddictServerEvents.HandleAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                var identity = new ClaimsIdentity("provider");
                identity.AddClaim(new Claim("sub", "id-of-" + provider!.User).SetDestinations("id_token"));
                identity.AddClaim(new Claim("preferred_username", provider.User).SetDestinations("id_token"));
                foreach (var group in provider.Groups)
                {
                    identity.AddClaim(new Claim("groups", group).SetDestinations("id_token"));
                }

                context.Principal = new ClaimsPrincipal(identity).SetScopes(context.Request.GetScopes());
                return ValueTask.CompletedTask;
            }));
        });
        var application = builder.Build();
        application.UseAuthentication();
        provider = new OpenIdProvider(application, address);
        await application.StartAsync();
        return provider;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
