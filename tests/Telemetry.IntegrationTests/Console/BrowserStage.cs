using System.Globalization;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Detection;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Console;

/// <summary>
/// The built console in a real browser, over the real API and the embedded engine. Without browser or build the tests are skipped by name.
/// </summary>
public abstract class BrowserStage : IAsyncLifetime
{
    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    // Limits for failures only: the browser shares two cores with everything else.
    private const int ExpectTimeoutMs = 60_000;

    private readonly List<string> _errors = [];
    private readonly DirectoryInfo _dashboards = Directory.CreateTempSubdirectory("telemetry-dashboards-");
    private QueryServer? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    internal BrowserStage(EngineFixture engine) => Store = new QueryStore(engine);

    public static string Chromium => Environment.GetEnvironmentVariable("TELEMETRY_CHROMIUM") ?? "/usr/bin/chromium";

    public static string? Dist { get; } = FindDist();

    /// <summary>Why there can be no browser test; null when there can.</summary>
    public static string? Missing => !File.Exists(Chromium) ? "Chromium is not installed (TELEMETRY_CHROMIUM names another place)."
        : Dist is null ? "The console is not built (npm ci && npm run build in storage/console)." : null;

    /// <summary>Errors of scripts in any page, and what the Content-Security-Policy stopped.</summary>
    public IReadOnlyList<string> Errors => _errors;

    internal QueryStore Store { get; }

    /// <summary>Settings of detectors; null: the stage has none.</summary>
    internal virtual IDetectorDesk? Detectors => null;

    internal HttpClient Client => _server!.Client;

    /// <summary>Starts the browser.</summary>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = Flags });

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(ExpectTimeoutMs);
        await Store.InitializeAsync();
        await FillAsync();
        _server = await QueryServer.StartAsync(
            Store.ClickHouse, TimeProvider.System, new QueryOptions { ConsoleFolder = Dist, DashboardsFolder = _dashboards.FullName, ProgressAge = TimeSpan.Zero }, await OpenLogAsync(), new StageHealth(), Detectors);
        _playwright = await Playwright.CreateAsync();
        _browser = await LaunchAsync(_playwright);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
            await Store.DisposeAsync();
        }

        await CloseLogAsync();
        _dashboards.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A page at the address; skips the test when there is no browser or no build.</summary>
    public async Task<IPage> OpenAsync(string address, BrowserNewPageOptions? options = null)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var page = await _browser!.NewPageAsync(options ?? new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = 1280, Height = 800 }, TimezoneId = "Europe/Berlin", ColorScheme = ColorScheme.Dark,
        });
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase))
            {
                _errors.Add(message.Text);
            }
        };
        if (address.Length > 0)
        {
            await ShowAsync(page, address);
        }

        return page;
    }

    /// <summary>Goes to the address as one that is typed.</summary>
    public Task<IResponse?> ShowAsync(IPage page, string address) => page.GotoAsync($"{_server!.Client.BaseAddress!.ToString().TrimEnd('/')}{address}");

    /// <summary>Goes to the address as by a link in the page.</summary>
    public static Task FollowAsync(IPage page, string address) => page.EvaluateAsync(
        "to => { const link = document.createElement('a'); link.href = to; document.body.append(link); link.click(); link.remove(); }", address);

    /// <summary>Puts a dashboard into the folder of dashboards.</summary>
    public void WriteDashboard(string name, string json) => File.WriteAllText(Path.Combine(_dashboards.FullName, name + ".json"), json);

    public static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;

    internal static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal abstract Task<IRecordLog> OpenLogAsync();

    internal abstract Task CloseLogAsync();

    internal abstract Task FillAsync();

    private static string? FindDist()
    {
        if (Environment.GetEnvironmentVariable("TELEMETRY_CONSOLE_DIST") is { } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var dist = Path.Combine(folder.FullName, "storage", "console", "dist");
            if (File.Exists(Path.Combine(dist, "index.html")))
            {
                return dist;
            }
        }

        return null;
    }

    private sealed class StageHealth : IPipelineHealth
    {
        public ValueTask<PipelineHealth> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(new PipelineHealth
        {
            Roles = ["edge", "query"],
            Rates = new PipelineRates(2800, 2799, 2798, 2797, 0.5),
            Lag = [new PipelineLag("telemetry-storage", "telemetry.readings.v1", 0, 12, 0.25)],
            Latency = new PipelineLatency(new LatencyQuantiles(3, 8, 14), new LatencyQuantiles(148, 219, 288)),
            Connections = 10_000,
            DeadLetters = 3,
        });
    }
}
