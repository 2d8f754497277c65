using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.ClickHouseServer.Engine;
using Telemetry.ClickHouseServer.Options;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.ClickHouseServer.Responses;
using Telemetry.ClickHouseServer.Running;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer;

/// <summary>
/// Only for one machine and for tests: `up --roles-apart` and `telemetry clickhouse` let the roles of other processes reach the embedded
/// engine through it, as they reach a ClickHouse server elsewhere, and the tests of <c>ClickHouseHttp</c> run against it. It serves what
/// those need of ClickHouse's HTTP interface (statements, parameters, settings, data in every format, gzip, errors within a stream,
/// KILL QUERY) and refuses the rest by name. For anything else run a ClickHouse server. Loopback only.
/// </summary>
public sealed class ClickHouseHttpServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly EnginePool _pool;
    private readonly RunningQueries _running;
    private readonly ServerMetrics _metrics;
    private readonly ClickHouseServerOptions _options;
    private readonly ILogger _logger;
    private bool _stopped;

    private ClickHouseHttpServer(
        WebApplication application, EnginePool pool, RunningQueries running, ServerMetrics metrics, ClickHouseServerOptions options,
        ILogger logger)
    {
        _application = application;
        _pool = pool;
        _running = running;
        _metrics = metrics;
        _options = options;
        _logger = logger;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Begins to serve <paramref name="engine"/>; it must outlive the server.</summary>
    /// <param name="map">Maps more paths on the same port (metrics, health); null: none.</param>
    /// <param name="transport">Takes the connections; null: Kestrel's own sockets.</param>
    /// <exception cref="IOException">The address cannot be had, or it is not a loopback address.</exception>
    public static async Task<ClickHouseHttpServer> StartAsync(
        EmbeddedClickHouse engine,
        ClickHouseServerOptions options,
        ILoggerFactory logging,
        TimeProvider time,
        Action<IEndpointRouteBuilder>? map,
        CancellationToken cancellationToken,
        IConnectionListenerFactory? transport = null)
    {
        if (!IPAddress.IsLoopback(options.Address))
        {
            throw new IOException($"ClickHouse's HTTP interface is served on loopback only, not on {options.Address}: set ClickHouseServer:Address to 127.0.0.1 or ::1.");
        }

        var logger = logging.CreateLogger<ClickHouseHttpServer>();
        engine.Share();
        var facts = await EngineFacts.AskAsync(engine, cancellationToken);
        var pool = new EnginePool(engine);
        var running = new RunningQueries(options.ConcurrentQueriesMax, time);
        var metrics = new ServerMetrics(running);
        var handler = new QueryHandler(pool, running, Credentials.From(options), facts, options, metrics, logger);
        var application = Build(options, handler, logger, map, transport);
        var server = new ClickHouseHttpServer(application, pool, running, metrics, options, logger);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or AddressInUseException or System.Net.Sockets.SocketException)
        {
            await server.DisposeAsync();
            throw new IOException(
                $"ClickHouse's HTTP interface cannot listen on {options.Address}:{options.Port}: {e.Message} Give another port with --clickhouse-http (0: a free one).", e);
        }

        var address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        server.Address = new IPEndPoint(options.Address, address.Port);
        Log.Listening(logger, server.Address.ToString(), facts.Version);
        return server;
    }

    /// <summary>Takes no more statements, lets those that run end within StopTimeout, then kills them.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _running.StopAsync(_options.StopTimeout);
        await _application.StopAsync(cancellationToken);
        Log.Stopped(_logger);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _application.DisposeAsync();
        await _pool.DisposeAsync();
        _metrics.Dispose();
    }

    private static WebApplication Build(
        ClickHouseServerOptions options, QueryHandler handler, ILogger logger, Action<IEndpointRouteBuilder>? map,
        IConnectionListenerFactory? transport)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        if (transport is not null)
        {
            // The last one registered is the one Kestrel uses.
            builder.Services.AddSingleton(transport);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = null; // InsertBytesMax and StatementBytesMax bound it.
            kestrel.Limits.MaxRequestLineSize = 1 << 20; // ClickHouse's http_max_uri_size.
            kestrel.Limits.MaxRequestBufferSize = 2 << 20;
            kestrel.Limits.MinRequestBodyDataRate = null; // ReceiveTimeout and SendTimeout instead, as ClickHouse has them.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.KeepAliveTimeout = options.KeepAliveTimeout + TimeSpan.FromSeconds(2);
            kestrel.Listen(options.Address, options.Port ?? 0);
        });
        var application = builder.Build();
        application.Use((context, next) => GuardAsync(context, next, logger));
        application.UseRouting();
        map?.Invoke(application);
        application.MapGet("/ping", () => Results.Text("Ok.\n", "text/html; charset=UTF-8"));
        application.MapMethods("/", [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post], handler.HandleAsync);
        application.MapFallback(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync(
                $"There is no handle {context.Request.Path}\n\nUse / or /ping for health checks.\n\n"
                + "Send queries from your program with POST method or GET /?query=...\n");
        });
        return application;
    }

    private static async Task GuardAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        if (LocalOnly.Refuse(context.Request) is { } reason)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync(reason + "\n");
            return;
        }

        try
        {
            await next(context);
        }
        catch (Exception e) when (e is not (BrokenOffException or OperationCanceledException or BadHttpRequestException))
        {
            Log.RequestFailed(logger, e);
            throw;
        }
    }
}
