using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Telemetry.Edge;
using Telemetry.Host.Configuration;
using Telemetry.Query;

namespace Telemetry.Host.Composition;

/// <summary>One Kestrel for MQTT connections, the API, the console, metrics and health.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WebServer(WebApplication application) => _application = application;

    public IPEndPoint? Http { get; private set; }

    public static async Task<WebServer> StartAsync(
        Platform platform,
        TelemetryOptions options,
        QueryRole? query,
        MqttBroker? broker,
        ILoggerFactory logging,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(logging);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        if (query is not null)
        {
            builder.Services.AddTelemetryApi();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Http.Address, options.Http.Port);
        });
        var application = builder.Build();
        application.UseRouting();
        if (broker is not null)
        {
            application.UseWebSockets();
            application.MapMqttWebSocket(broker).ExcludeFromDescription();
        }

        Operations.Map(application, platform.Metrics, platform.NotReady);
        if (query is not null)
        {
            application.MapTelemetryApi(query);
        }

        var server = new WebServer(application);
        await ListenAsync(
            () => application.StartAsync(cancellationToken), $"HTTP cannot listen on {options.Http.Address}:{options.Http.Port}", "--http-port");
        server.Http = server.FindHttp(options);
        return server;
    }

    /// <summary>Opens the door for devices; the last thing at the start.</summary>
    public static Task StartMqttAsync(MqttBroker broker, TelemetryOptions options, CancellationToken cancellationToken)
    {
        var listeners = string.Join(", ", options.Edge.EffectiveListeners.Select(l => $"{l.Address}:{l.Port}"));
        return ListenAsync(() => broker.StartAsync(cancellationToken), $"MQTT cannot listen on {listeners}", "--mqtt-port");
    }

    public Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <exception cref="IOException">The address cannot be had; the message names it and the flag for another.</exception>
    private static async Task ListenAsync(Func<Task> start, string what, string flag)
    {
        try
        {
            await start();
        }
        catch (Exception e) when (e is IOException or AddressInUseException or System.Net.Sockets.SocketException)
        {
            throw new IOException($"{what}: {e.Message} Give another port with {flag} (0: a free one).", e);
        }
    }

    private IPEndPoint? FindHttp(TelemetryOptions options)
    {
        var addresses = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var address in addresses)
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var uri) && IPAddress.TryParse(uri.Host, out var ip)
                && ip.Equals(options.Http.Address))
            {
                return new IPEndPoint(ip, uri.Port);
            }
        }

        return null;
    }
}
