using System.Text.Json;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>The whole platform in one process, with its engine open to ClickHouse's clients.</summary>
[Collection("processes")]
public sealed class UpServesClickHouseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-up-clickhouse-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Stored_readings_can_be_queried_while_up_runs()
    {
        await using var up = TelemetryProcess.Start(
            "up", "--data", _data, "--devices", "20", "--rate", "200/s", "--mqtt-port", "0", "--http-port", "0", "--clickhouse-http", "0",
            "--no-browser", "--plain");
        using var client = new HttpClient();

        var address = await UntilAsync(FindAsync, up);
        var rows = await UntilAsync(async () => await CountAsync(client, address), up);

        int.Parse(rows, System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);
        up.Terminate();
        (await up.WaitAsync()).ShouldBe(0, up.Errors);
    }

    private static async Task<string> UntilAsync(Func<Task<string?>> ask, TelemetryProcess up)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        while (true)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            limit.IsCancellationRequested.ShouldBeFalse($"nothing within {Patience}: {up.Errors}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), Token);
        }
    }

    private async Task<string?> FindAsync()
    {
        var file = Path.Combine(_data, "instance.json");
        if (!File.Exists(file) || await File.ReadAllTextAsync(file, Token) is not { Length: > 0 } text)
        {
            return null;
        }

        using var instance = JsonDocument.Parse(text);
        return instance.RootElement.GetProperty("clickhouse").GetString();
    }

    private static async Task<string?> CountAsync(HttpClient client, string address)
    {
        var sql = Uri.EscapeDataString("SELECT count() FROM readings_data");
        using var answer = await client.GetAsync(new Uri($"http://{address}/?query={sql}"), Token);
        var body = await answer.Content.ReadAsStringAsync(Token);
        answer.IsSuccessStatusCode.ShouldBeTrue(body);
        return body == "0\n" ? null : body.TrimEnd();
    }
}
