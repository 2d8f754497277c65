using System.Globalization;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;

namespace Telemetry.IntegrationTests.Console;

/// <summary>
/// The built console in a real browser, over the real API and the embedded engine. Two devices; <c>press-01</c> has a
/// temperature every 5 s over the last day and three anomalies. Without browser or build the tests are skipped by name.
/// </summary>
public sealed class ConsoleStage(EngineFixture engine) : IAsyncLifetime
{
    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private const int ExpectTimeoutMs = 60_000;

    private readonly QueryStore _store = new(engine);
    private readonly TailLog _log = new();
    private QueryServer? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static string Chromium => Environment.GetEnvironmentVariable("TELEMETRY_CHROMIUM") ?? "/usr/bin/chromium";

    internal TailLog Log => _log;

    public static string? Dist { get; } = FindDist();

    /// <summary>Event time of the newest anomaly, microseconds.</summary>
    public long AnomalyTime { get; private set; }

    /// <summary>Why there can be no browser test; null when there can.</summary>
    public static string? Missing => !File.Exists(Chromium) ? "Chromium is not installed (TELEMETRY_CHROMIUM names another place)."
        : Dist is null ? "The console is not built (npm ci && npm run build in storage/console)." : null;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        // Limits for failures only: the browser shares two cores with everything else.
        Assertions.SetDefaultExpectTimeout(ExpectTimeoutMs);
        await _store.InitializeAsync();
        await FillAsync();
        _server = await QueryServer.StartAsync(
            _store.ClickHouse,
            TimeProvider.System,
            new QueryOptions { ConsoleFolder = Dist, ProgressAge = TimeSpan.Zero },
            _log,
            new StageHealth());
        _playwright = await Playwright.CreateAsync();
        _browser = await LaunchAsync(_playwright);
    }

    /// <summary>Starts the browser.</summary>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = Flags });

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
            await _store.DisposeAsync();
        }

        await _log.DisposeAsync();
    }

    /// <summary>A page at the address; skips the test when there is no browser or no build.</summary>
    public async Task<IPage> OpenAsync(string hash)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        await ShowAsync(page, hash);
        return page;
    }

    /// <summary>Goes to the address; <c>about:blank</c> is an empty page.</summary>
    public async Task ShowAsync(IPage page, string hash) =>
        await page.GotoAsync(hash == "about:blank" ? hash : $"{_server!.Client.BaseAddress}{hash}");

    /// <summary>Says by a marker that the newest reading stored is that old.</summary>
    public Task StoredAsync(TimeSpan age)
    {
        var us = Now() - (age.Ticks / TimeSpan.TicksPerMicrosecond);
        return _store.RunAsync($"INSERT INTO readings VALUES ('p0/202601/0', '$sink', fromUnixTimestamp64Micro({Text(us)}, 'UTC'), 1, 0, 0, 1000)");
    }

    public static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;

    private async Task FillAsync()
    {
        var now = Now();
        const int count = 24 * 720;
        foreach (var device in (string[])["press-01", "press-02"])
        {
            await _store.InsertAsync(QueryStore.Rows(
                device, "temperature", $"{Text(now - (count * 5_000_000L))} + number * 5000000", count, "60 + 5 * sin(number / 700) + number % 7 / 10"));
            await _store.InsertAsync(QueryStore.Rows(
                device, "pressure", $"{Text(now - (100 * 5_000_000L))} + number * 5000000", 100, "4 + number % 3 / 10"));
        }

        AnomalyTime = now - 3_600_000_000;
        await _store.RunAsync(
            "INSERT INTO anomalies SELECT 'press-01', 'temperature', "
            + $"fromUnixTimestamp64Micro(toInt64({Text(AnomalyTime)} - number * 7200000000), 'UTC'), 66, arrayElement(['spike', 'change-point', 'stuck-at'], number + 1), "
            + "'iid-spike', 'compatible', 9.5, 0.001, 0, 7, number, 'far above the usual' FROM numbers(3)");
    }

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

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

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
