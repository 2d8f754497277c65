using System.Diagnostics;
using System.Text.RegularExpressions;
using Telemetry.IntegrationTests.Support;
using Telemetry.Host.Configuration;

namespace Telemetry.IntegrationTests.Docs;

/// <summary>Blocks of the pages that are marked "sh run", in their order, against a platform that runs, as a reader would type them.</summary>
[Collection("processes")]
public sealed partial class DocumentationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-docs-").FullName;

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Append(Path.Combine(Root, "README.md")).Where(p => Blocks(p).Count > 0).Select(p => Path.GetRelativePath(Root, p)).Order()];

    private static string Root { get; } = FindRoot();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_of_a_page_do_what_it_says(string page)
    {
        // The program under the name that the pages use, over the data directory that is the default.
        var launcher = Path.Combine(_folder, "telemetry");
        await File.WriteAllTextAsync(launcher, $"#!/bin/sh\nexec dotnet '{typeof(TelemetryOptions).Assembly.Location}' \"$@\"\n", Token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(launcher, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await using var up = TelemetryProcess.Start(
            "up", "--data", Path.Combine(_folder, "data"), "--no-simulator", "--no-browser", "--plain", "--http-port", "0", "--mqtt-port", "0");
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while (!File.Exists(Path.Combine(_folder, "data", "instance.json")))
            {
                up.HasExited.ShouldBeFalse(up.Errors);
                await Task.Delay(50, limit.Token);
            }
        }

        var said = new List<string>();
        foreach (var block in Blocks(Path.Combine(Root, page)))
        {
            var (code, output) = await RunAsync(block);
            code.ShouldBe(0, $"{page}:\n{block}\n{output}");
            said.Add(output);
        }

        if (page.EndsWith("tutorial.md", StringComparison.Ordinal))
        {
            said[0].ShouldContain("Acknowledged after");
            said[1].ShouldContain("72.8");
            said.ShouldContain(s => s.Contains("unacknowledged-active", StringComparison.Ordinal) && s.Contains("Oil of press-1 is at 95", StringComparison.Ordinal));
            said.ShouldContain(s => s.Contains("acknowledged-active", StringComparison.Ordinal));
            said[^1].ShouldContain("on my way");
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<(int Code, string Output)> RunAsync(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", ["-euo", "pipefail", "-c", "exec 2>&1\n" + script])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, output);
    }

    private static List<string> Blocks(string page) => [.. Block().Matches(File.ReadAllText(page)).Select(m => m.Groups[1].Value)];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Telemetry.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No Telemetry.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"(?ms)^```sh run\n(.*?)^```$")]
    private static partial Regex Block();
}
