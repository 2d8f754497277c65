using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>A gateway in front of a real registry, as registries are published: HTTPS, and only with the right Authorization.</summary>
internal sealed class GuardedRegistry : IAsyncDisposable
{
    private readonly WebApplication _gateway;
    private readonly HttpClient _http = new();

    private GuardedRegistry(WebApplication gateway, Uri registry, string authorization)
    {
        _gateway = gateway;
        gateway.Run(context => ForwardAsync(context, registry, authorization));
    }

    public Uri Url { get; private set; } = null!;

    /// <param name="registry">The registry behind it, path included.</param>
    /// <param name="certificate">Shown to clients.</param>
    /// <param name="authorization">The only value of the header that is let through.</param>
    /// <param name="address">Where it listens; null: 127.0.0.1.</param>
    public static async Task<GuardedRegistry> StartAsync(Uri registry, X509Certificate2 certificate, string authorization, IPAddress? address = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var guarded = new GuardedRegistry(builder.Build(), registry, authorization);
        await guarded._gateway.StartAsync();
        var url = guarded._gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        guarded.Url = new Uri(url);
        return guarded;
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, Uri registry, string authorization)
    {
        if (context.Request.Headers.Authorization != authorization)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), registry.AbsoluteUri.TrimEnd('/') + context.Request.Path + context.Request.QueryString);
        if (context.Request.ContentLength > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var answer = await _http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
