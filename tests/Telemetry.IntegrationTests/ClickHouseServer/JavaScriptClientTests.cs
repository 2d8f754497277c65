using System.Diagnostics;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>ClickHouse's own JavaScript client (@clickhouse/client) against the endpoint; tests/clickhouse-client/check.mjs has the checks.</summary>
[Collection(EngineFixture.Collection)]
public sealed class JavaScriptClientTests(EngineFixture fixture)
{
    private static readonly string Folder = Find();

    public static TheoryData<string> Checks =>
    [
        "ping",
        "ping select with a wrong password",
        "query json",
        "query formats",
        "large json counts its rows",
        "query stream",
        "json each row with progress",
        "parquet",
        "insert json each row",
        "insert nothing",
        "insert stream",
        "insert formats",
        "insert binary",
        "insert some columns",
        "types",
        "bigint",
        "dates",
        "query parameters",
        "settings",
        "compression",
        "errors have code and type",
        "error within a stream",
        "command and exec",
        "insert values with parameters",
        "session",
        "session in use",
        "abort",
        "kill query",
        "query id",
        "database",
        "keep alive",
        "concurrent inserts",
        "async insert",
        "failed insert",
        "response headers",
    ];

    [Theory]
    [MemberData(nameof(Checks))]
    public async Task The_clients(string check)
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Folder, "node_modules")), "@clickhouse/client is not installed: npm ci in tests/clickhouse-client");
        await using var endpoint = await Endpoint.StartAsync(fixture);
        var (code, _, errors) = await RunAsync(endpoint.Url.ToString(), check);

        code.ShouldBe(0, errors);
    }

    [Fact]
    public async Task Every_check_of_the_script_is_run()
    {
        var (_, output, _) = await RunAsync("-", "--list");

        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(Checks.Select(c => c.Data), ignoreOrder: true);
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "tests", "clickhouse-client", "check.mjs")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("tests/clickhouse-client is not above the tests.");
        }

        return Path.Combine(folder.FullName, "tests", "clickhouse-client");
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        using var process = Process.Start(new ProcessStartInfo("node", ["check.mjs", .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
