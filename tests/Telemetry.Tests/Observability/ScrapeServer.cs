using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Observability;

namespace Telemetry.Tests.Observability;

/// <summary>A web server that serves the metrics of this process as the platform does.</summary>
internal sealed class ScrapeServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All });

    private ScrapeServer(WebApplication application, Instrumentation instrumentation)
    {
        (_application, Instrumentation) = (application, instrumentation);
        Address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Instrumentation Instrumentation { get; }

    public Uri Address { get; }

    public static async Task<ScrapeServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var instrumentation = new Instrumentation(new ObservabilityOptions(), "telemetry-test", "test-1");
        instrumentation.MapScraping(application);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new ScrapeServer(application, instrumentation);
    }

    /// <summary>Body of /metrics, as a scraper gets it that asks for this type and, as Prometheus does, takes it compressed.</summary>
    public async Task<string> ScrapeAsync(string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, Instrumentation.ScrapePath));
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _application.DisposeAsync();
        Instrumentation.Dispose();
    }
}
