using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Query;
using Telemetry.Query.Detection;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Query;

/// <summary>The query role behind a real Kestrel on a free loopback port.</summary>
internal sealed class QueryServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private QueryServer(WebApplication app, QueryRole role)
    {
        _app = app;
        Role = role;
        _running = role.RunAsync(_stop.Token);
        Client = new HttpClient(new DescribedAnswers()) { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public QueryRole Role { get; }

    public HttpClient Client { get; }

    public static async Task<QueryServer> StartAsync(
        IClickHouse clickHouse,
        TimeProvider time,
        QueryOptions? options = null,
        IRecordLog? log = null,
        IPipelineHealth? health = null,
        IDetectorDesk? detectors = null)
    {
        var role = new QueryRole(new QueryServices
        {
            ClickHouse = clickHouse,
            Log = log,
            Health = health,
            Detectors = detectors,
            Options = options ?? new QueryOptions(),
            Time = time,
            Logging = NullLoggerFactory.Instance,
        });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddTelemetryApi();
        var app = builder.Build();
        app.MapTelemetryApi(role);
        await app.StartAsync();
        return new QueryServer(app, role);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Role.DisposeAsync();
        _stop.Dispose();
    }
}
