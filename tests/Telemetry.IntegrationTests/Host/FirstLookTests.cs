using System.Text.Json;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Host;

/// <summary>What one does first, without a browser: publish a reading, see it, follow what comes.</summary>
[Collection("processes")]
public sealed class FirstLookTests : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-look-").FullName;
    private TelemetryProcess? _up;

    public async ValueTask DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Reading_that_is_published_is_acknowledged_followed_listed_and_read_back()
    {
        await UpAsync();
        await using var tail = TelemetryProcess.Start("tail", "--data", _data, "--device", "press-*", "--format", "json", "--count", "2");
        await PublishUntilShownAsync(tail);
        (await tail.WaitAsync()).ShouldBe(0, tail.Errors);
        var line = JsonDocument.Parse((await tail.OutputAsync()).Split('\n')[0]).RootElement;
        line.GetProperty("event").GetString().ShouldBe("reading");
        line.GetProperty("device").GetString().ShouldBe("press-1");

        var published = await RunAsync("publish", "press-2", "pressure", "7.25", "--time", "2m");
        published.Code.ShouldBe(0, published.Errors);
        published.Output.ShouldStartWith("Acknowledged after ");
        published.Output.ShouldContain("press-2 pressure = 7.25 at ");

        await ShouldSoonAsync(async () => (await RunAsync("devices", "--search", "press-2")).Output.Contains("press-2", StringComparison.Ordinal));
        var csv = await RunAsync("series", "press-2", "pressure", "--from", "10m", "--step", "raw", "--format", "csv");
        csv.Code.ShouldBe(0, csv.Errors);
        csv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        csv.Output.ShouldContain(",7.25,");
        (await RunAsync("series", "press-2", "pressure", "--from", "10m")).Output.ShouldContain("7.25   good");
        (await RunAsync("devices", "--device", "press-2")).Output.ShouldContain("pressure  7.25");
    }

    [Fact]
    public async Task Reading_that_is_refused_ends_with_code_1_and_the_reason()
    {
        await UpAsync();

        var (code, _, errors) = await RunAsync("publish", "press-1", "temperature", "1", "--time", "2090-01-01T00:00:00Z");

        code.ShouldBe(1, errors);
        errors.ShouldStartWith("Refused: ");
        (await RunAsync("publish", "press-1", "temperature", "warm")).Code.ShouldBe(2);
        (await RunAsync("publish", "press 1", "temperature", "1")).Code.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_token_the_door_is_told_and_what_opens_it()
    {
        var users = Path.Combine(_data, "users");
        var password = Path.Combine(_data, "password");
        await File.WriteAllTextAsync(password, "correct horse\n", TestContext.Current.CancellationToken);
        (await RunAsync("users", "add", "ann", "--role", "operator", "--mqtt", "--users-file", users, "--password-file", password)).Code.ShouldBe(0);
        await UpAsync("--set", $"Edge:UsersFile={users}");

        var closed = await RunAsync("devices");
        closed.Code.ShouldBe(2);
        closed.Errors.ShouldContain("(401)");
        closed.Errors.ShouldContain("telemetry users token add");
        closed.Errors.ShouldContain("TELEMETRY_TOKEN");
        (await RunAsync("publish", "ann", "temperature", "1")).Errors.ShouldContain("--user NAME --password-file FILE");
        (await RunAsync("publish", "ann", "temperature", "1", "--user", "ann", "--password-file", password)).Code.ShouldBe(0);

        var token = (await RunAsync("users", "token", "add", "ann", "--role", "viewer", "--users-file", users)).Output.Trim();
        await ShouldSoonAsync(async () => (await WithTokenAsync(token, "devices")).Code == 0);
        var refused = await WithTokenAsync(token, "command", "ann", "set-interval");
        refused.Code.ShouldBe(2);
        refused.Errors.ShouldContain("(403)");
        refused.Errors.ShouldContain("higher role");
    }

    [Fact]
    public async Task Second_platform_on_the_same_data_or_port_says_who_has_it_and_ends_with_code_2()
    {
        await UpAsync();
        using var instance = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_data, "instance.json"), TestContext.Current.CancellationToken));
        var port = instance.RootElement.GetProperty("http").GetString()!.Split(':')[1];

        var data = await RunAsync("up", "--no-simulator", "--http-port", "0", "--mqtt-port", "0");
        data.Code.ShouldBe(2);
        data.Errors.Trim().Split('\n').ShouldHaveSingleItem().ShouldContain($"is in use by process {_up!.Id} (");

        var other = Directory.CreateTempSubdirectory("telemetry-other-").FullName;
        var taken = await TelemetryProcess.RunAsync("up", "--no-simulator", "--data", other, "--http-port", port, "--mqtt-port", "0");
        taken.Code.ShouldBe(2);
        taken.Errors.Trim().Split('\n').ShouldHaveSingleItem().ShouldStartWith($"127.0.0.1:{port}, for HTTP, is in use by process {_up!.Id} (");
        Directory.GetFileSystemEntries(other).ShouldBeEmpty();
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public async Task Second_Ctrl_C_ends_at_once_and_the_next_start_has_everything()
    {
        await UpAsync();
        (await RunAsync("publish", "press-1", "temperature", "21.5")).Code.ShouldBe(0);
        _up!.Interrupt();
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while (!_up.Errors.Contains("Ctrl-C again ends at once", StringComparison.Ordinal))
            {
                await Task.Delay(1, limit.Token);
            }
        }

        _up.Interrupt();
        (await _up.WaitAsync()).ShouldBe(130, _up.Errors);

        await _up.DisposeAsync();
        File.Delete(Path.Combine(_data, "instance.json"));
        await UpAsync();
        await ShouldSoonAsync(async () => (await RunAsync("devices", "--device", "press-1")).Output.Contains("21.5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctrl_C_says_what_it_does_and_what_comes_next()
    {
        await UpAsync();
        _up!.Interrupt();

        await ShouldSoonAsync(() => Task.FromResult(_up.Errors.Contains("Ctrl-C again ends at once", StringComparison.Ordinal)));
        _up.Errors.ShouldContain("Stopping: nothing more is taken in, what is on the log is processed and stored");
        (await _up.WaitAsync()).ShouldBe(0, _up.Errors);
        (await TelemetryProcess.RunAsync("devices", "--data", _data)).Errors.ShouldContain("Nothing runs over");
    }

    private async Task UpAsync(params string[] more)
    {
        _up = TelemetryProcess.Start([
            "up", "--data", _data, "--no-simulator", "--no-browser", "--plain", "--http-port", "0", "--mqtt-port", "0", .. more]);
        await ShouldSoonAsync(() => Task.FromResult(_up.HasExited || File.Exists(Path.Combine(_data, "instance.json"))));
        _up.HasExited.ShouldBeFalse(_up.Errors);
    }

    private async Task PublishUntilShownAsync(TelemetryProcess tail)
    {
        while (!tail.HasExited)
        {
            (await RunAsync("publish", "press-1", "temperature", "21.5")).Code.ShouldBe(0);
        }
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => TelemetryProcess.RunAsync([.. arguments, "--data", _data]);

    private Task<(int Code, string Output, string Errors)> WithTokenAsync(string token, params string[] arguments) =>
        TelemetryProcess.RunAsync(new Dictionary<string, string> { ["TELEMETRY_TOKEN"] = token }, [.. arguments, "--data", _data]);

    private static async Task ShouldSoonAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await condition())
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
