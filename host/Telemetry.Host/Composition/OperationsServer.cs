using Telemetry.Host.Configuration;
using Telemetry.Host.Metrics;

namespace Telemetry.Host.Composition;

/// <summary>HTTP of a process that has nothing to serve but its metrics and health: the simulator in a container.</summary>
internal static class OperationsServer
{
    /// <exception cref="IOException">The address cannot be had.</exception>
    public static async Task<IAsyncDisposable> StartAsync(
        HttpOptions options,
        MetricsRegistry metrics,
        Func<IReadOnlyList<string>> notReady,
        ILoggerFactory logging,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Address, options.Port);
        });
        var application = builder.Build();
        Operations.Map(application, metrics, notReady);
        await application.StartAsync(cancellationToken);
        return application;
    }
}
