using System.Diagnostics;
using System.Text.Json;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Access;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Query;

/// <summary>The OpenAPI document as other programs take it: linted by Redocly, and a TypeScript client made of it that talks to the API.</summary>
[Collection(EngineFixture.Collection)]
public sealed class OpenApiClientTests(QueryStore store) : IClassFixture<QueryStore>
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "openapi");

    [Fact]
    public async Task Redocly_finds_nothing_wrong_with_the_document()
    {
        SkipUnlessInstalled();
        var folder = Directory.CreateTempSubdirectory("telemetry-openapi-");
        try
        {
            var options = DoorServer.Settings(folder.FullName);
            DoorServer.AddUser(options, "ann", UserRole.Viewer);
            await using var door = await DoorServer.StartAsync(options, store.ClickHouse, store.Time);
            using var client = door.NewClient(door.NewToken(UserRole.Viewer));
            var document = Path.Combine(folder.FullName, "openapi.json");
            await File.WriteAllTextAsync(document, await client.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative), QueryStore.Token), QueryStore.Token);
            var (code, output) = await RunAsync("node", Bin("@redocly/cli/bin/cli.js"), "lint", document, "--config", Path.Combine(Folder, "lint.yaml"), "--format", "stylish");
            code.ShouldBe(0, output);
            output.ShouldNotContain("warning", Case.Insensitive, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_client_made_of_the_document_talks_to_the_API()
    {
        SkipUnlessInstalled();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        var document = Path.Combine(Path.GetTempPath(), $"openapi-{Guid.NewGuid():N}.json");
        var generated = Path.Combine(Folder, "generated.d.ts");
        var made = Path.Combine(Folder, "out");
        try
        {
            await File.WriteAllTextAsync(document, await server.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), QueryStore.Token), QueryStore.Token);
            var (code, output) = await RunAsync("node", Bin("openapi-typescript/bin/cli.js"), document, "-o", generated);
            code.ShouldBe(0, output);
            (code, output) = await RunAsync("node", Bin("typescript/bin/tsc"), "-p", Path.Combine(Folder, "tsconfig.json"));
            code.ShouldBe(0, output);
            (code, output) = await RunAsync("node", Path.Combine(made, "client.js"), server.Client.BaseAddress!.ToString().TrimEnd('/'));
            code.ShouldBe(0, output);
            var answer = JsonDocument.Parse(output).RootElement;
            (answer.GetProperty("sensors").GetInt32(), answer.GetProperty("times").GetInt32(), answer.GetProperty("problem").GetString()).ShouldBe((3, 6, "device"));
        }
        finally
        {
            File.Delete(document);
            File.Delete(generated);
            if (Directory.Exists(made))
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    [Fact]
    public async Task The_consoles_types_are_those_of_the_document()
    {
        SkipUnlessInstalled();
        var folder = Directory.CreateTempSubdirectory("telemetry-console-types-");
        try
        {
            var options = DoorServer.Settings(folder.FullName);
            DoorServer.AddUser(options, "ann", UserRole.Viewer);
            await using var door = await DoorServer.StartAsync(options, store.ClickHouse, store.Time);
            using var client = door.NewClient(door.NewToken(UserRole.Viewer));
            var document = Path.Combine(folder.FullName, "openapi.json");
            var made = Path.Combine(folder.FullName, "schema.d.ts");
            await File.WriteAllTextAsync(document, await client.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative), QueryStore.Token), QueryStore.Token);
            var (code, output) = await RunAsync("node", Path.Combine(Folder, "console-types.mjs"), document, made);
            code.ShouldBe(0, output);
            var kept = Path.Combine(Repository.Root, "storage", "console", "src", "api", "schema.d.ts");
            if (Environment.GetEnvironmentVariable("TELEMETRY_TEST_WRITE_TYPES") == "1")
            {
                File.Copy(made, kept, overwrite: true);
            }

            (await File.ReadAllTextAsync(kept, QueryStore.Token)).ShouldBe(
                await File.ReadAllTextAsync(made, QueryStore.Token),
                "The API's description has changed: TELEMETRY_TEST_WRITE_TYPES=1 ./telemetry test Telemetry.IntegrationTests -class '*.OpenApiClientTests', then npm run check in storage/console.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Bin(string path) => Path.Combine(Folder, "node_modules", path);

    private static void SkipUnlessInstalled() =>
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules")), "Redocly and openapi-typescript are not installed: npm ci in tests/openapi");

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.Environment["REDOCLY_TELEMETRY"] = "off";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(QueryStore.Token);
        var errors = process.StandardError.ReadToEndAsync(QueryStore.Token);
        await process.WaitForExitAsync(QueryStore.Token);
        return (process.ExitCode, await output + (process.ExitCode == 0 ? "" : await errors));
    }
}
