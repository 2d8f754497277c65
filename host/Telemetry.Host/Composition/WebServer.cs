using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Telemetry.Edge;
using Telemetry.Edge.Sockets;
using Telemetry.Host.Access;
using Telemetry.Host.Configuration;
using Telemetry.Host.Deletion;
using Telemetry.Host.Logging;
using Telemetry.Observability;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>One Kestrel for what the modules serve over HTTP, and for metrics and health.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    /// <summary>What a client may send ahead: an MQTT client over WebSocket may be nobody yet.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    private readonly WebApplication _application;

    private readonly HttpsCertificate? _certificate;

    private readonly Door _door;

    private WebServer(WebApplication application, HttpsCertificate? certificate, Door door) =>
        (_application, _certificate, _door) = (application, certificate, door);

    /// <summary>Who comes in.</summary>
    public Door Door => _door;

    /// <summary>Every endpoint that is served.</summary>
    public IEnumerable<Endpoint> Endpoints => ((IEndpointRouteBuilder)_application).DataSources.SelectMany(s => s.Endpoints);

    public IPEndPoint? Http { get; private set; }

    /// <param name="options">Where to listen, and who may do what.</param>
    /// <param name="sockets">Where its connections, WebSockets among them, come from. They may take half of it: MQTT keeps the other half.</param>
    /// <param name="modules">What is served.</param>
    /// <param name="instrumentation">Every metric of this process.</param>
    /// <param name="notReady">Why the process is not ready to serve; empty when it is.</param>
    /// <param name="logging">Logging.</param>
    /// <param name="grpcPort">Port of gRPC without TLS; null: none.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <param name="time">Clock of sessions and tokens; null: the machine's.</param>
    /// <param name="log">Where sessions and the audit log are shared with other processes; null: nowhere.</param>
    /// <exception cref="IOException">The address cannot be had, or would stand open to other machines.</exception>
    public static async Task<WebServer> StartAsync(
        TelemetryOptions options,
        SocketBudget sockets,
        IReadOnlyList<RoleModule> modules,
        Instrumentation instrumentation,
        Func<IReadOnlyList<string>> notReady,
        HostLogging logging,
        int? grpcPort,
        CancellationToken cancellationToken,
        TimeProvider? time = null,
        IRecordLog? log = null)
    {
        var door = OpenDoor(options, logging, time ?? TimeProvider.System, log);
        try
        {
            return await StartAsync(options.Http, door, sockets, modules, instrumentation, notReady, logging, grpcPort, time ?? TimeProvider.System, cancellationToken);
        }
        catch
        {
            await door.DisposeAsync();
            throw;
        }
    }

    private static Door OpenDoor(TelemetryOptions options, HostLogging logging, TimeProvider time, IRecordLog? log)
    {
        try
        {
            var door = new Door(options, logging, time, log);
            door.CheckExposure(options.Http);
            return door;
        }
        catch (EdgeConfigurationException e)
        {
            throw new IOException($"HTTP: {e.Message}", e);
        }
    }

    private static async Task<WebServer> StartAsync(
        HttpOptions options,
        Door door,
        SocketBudget sockets,
        IReadOnlyList<RoleModule> modules,
        Instrumentation instrumentation,
        Func<IReadOnlyList<string>> notReady,
        HostLogging logging,
        int? grpcPort,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.AddRequestLog(logging);
        builder.Services.AddSingleton(BudgetedSockets.Transport(sockets.Share("http", sockets.Limit / 2), logging, ReadBufferBytes));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(time);
        builder.Services.AddDoor(door);
        CompressedAnswers.AddTo(builder.Services);
        foreach (var module in modules)
        {
            module.AddServices(builder.Services);
        }

        var certificate = options.Tls.IsOn ? new HttpsCertificate(options.Tls, logging.CreateLogger<HttpsCertificate>(), TimeProvider.System) : null;
        if (certificate is not null)
        {
            builder.Services.AddSingleton(certificate);
        }

        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Address, options.Port);
            if (grpcPort is { } port)
            {
                kestrel.Listen(options.Address, port, listen => listen.Protocols = HttpProtocols.Http2);
            }

            if (certificate is not null)
            {
                kestrel.Listen(options.Tls.Address, options.Tls.Port, listen => listen.UseHttps(certificate.Tls.ForKestrel));
            }
        });
        var application = builder.Build();
        application.UseRequestLog();
        application.UseResponseCompression();
        application.UseDoor(door);
        SignInEndpoints.Map(application, door);
        AccessEndpoints.Map(application, door);
        DeletionEndpoint.Map(
            application, () => modules.OfType<QueryModule>().FirstOrDefault()?.CreateDeletionDesk(modules.OfType<EdgeModule>().FirstOrDefault()));
        SnapshotEndpoints.Map(application, () => modules.OfType<SnapshotModule>().FirstOrDefault());
        Operations.Map(application, instrumentation, notReady, () => [.. modules.SelectMany(m => m.Notes)]);
        foreach (var module in modules)
        {
            module.Map(application);
        }

        var server = new WebServer(application, certificate, door);
        await Listening.StartAsync(
            () => application.StartAsync(cancellationToken), Where(options), "--http-port");
        server.Http = server.FindHttp(options);
        if (door.Shared is { } shared)
        {
            shared.Keys.MayWait = true;
        }

        return server;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _certificate?.Dispose();
        await _application.DisposeAsync();
        await _door.DisposeAsync();
    }

    private static string Where(HttpOptions options) => options.Tls.IsOn
        ? $"HTTP cannot listen on {options.Address}:{options.Port}, or HTTPS on {options.Tls.Address}:{options.Tls.Port} (Http:Tls:Port)"
        : $"HTTP cannot listen on {options.Address}:{options.Port}";

    private IPEndPoint? FindHttp(HttpOptions options)
    {
        var addresses = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var address in addresses)
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp && IPAddress.TryParse(uri.Host, out var ip)
                && ip.Equals(options.Address))
            {
                return new IPEndPoint(ip, uri.Port);
            }
        }

        return null;
    }
}
