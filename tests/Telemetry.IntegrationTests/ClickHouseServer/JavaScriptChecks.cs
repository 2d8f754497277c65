using System.Diagnostics;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>One run of all checks of the script, in one process of Node.js.</summary>
public sealed class JavaScriptChecks(EngineFixture fixture) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Find();

    /// <summary>The client's packages are there.</summary>
    public static bool Installed => Directory.Exists(Path.Combine(Folder, "node_modules"));

    /// <summary>What did not hold, by the check's name; null: it held.</summary>
    public IReadOnlyDictionary<string, string?> Results { get; private set; } = new Dictionary<string, string?>();

    /// <summary>Standard error of the script.</summary>
    public string Errors { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!Installed)
        {
            return;
        }

        await using var endpoint = await Endpoint.StartAsync(fixture);
        var (_, output, errors) = await RunAsync([endpoint.Url.ToString(), .. JavaScriptClientTests.Checks.Select(c => c.Data)]);
        Errors = errors;
        Results = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Result>(line, JsonSerializerOptions.Web)!)
            .ToDictionary(result => result.Name, result => result.Error);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs the script. One that does not end is killed; what it had written until then is told.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        using var process = Process.Start(new ProcessStartInfo("node", ["check.mjs", .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await using (limit.Token.Register(process.Kill))
        {
            await process.WaitForExitAsync(CancellationToken.None);
        }

        var late = limit.IsCancellationRequested ? $"killed after {Patience}\n" : "";
        return (process.ExitCode, await output, late + await errors);
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

    private sealed record Result(string Name, string? Error);
}
