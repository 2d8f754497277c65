using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>ClickHouse's own JavaScript client (@clickhouse/client) against the endpoint; tests/clickhouse-client/check.mjs has the checks.</summary>
[Collection(EngineFixture.Collection)]
public sealed class JavaScriptClientTests(JavaScriptChecks run) : IClassFixture<JavaScriptChecks>
{
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
        "session is refused",
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
    public void The_clients(string check)
    {
        Assert.SkipUnless(JavaScriptChecks.Installed, "@clickhouse/client is not installed: npm ci in tests/clickhouse-client");

        run.Results.TryGetValue(check, out var error).ShouldBeTrue($"the check did not end: {run.Errors}");
        error.ShouldBeNull();
    }

    [Fact]
    public async Task Every_check_of_the_script_is_run()
    {
        var (_, output, _) = await JavaScriptChecks.RunAsync("--list");

        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(Checks.Select(c => c.Data), ignoreOrder: true);
    }
}
