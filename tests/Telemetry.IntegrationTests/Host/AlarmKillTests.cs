using System.Net.Http.Json;
using System.Text.Json;
using MQTTnet;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>The real executable: a rule raises an alarm, a person acknowledges it over the API, the process is killed with SIGKILL, and it is still acknowledged.</summary>
[Collection("processes")]
public sealed class AlarmKillTests : IAsyncDisposable
{
    private const string Rules = """{"rules": [{"name": "oil-hot", "type": "threshold", "sensor": "oil", "above": 90, "priority": "high"}]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-alarm-kill-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_acknowledged_alarm_is_acknowledged_after_kill_9_and_its_history_has_each_change_once()
    {
        var rules = Path.Combine(_data, "rules.json");
        await File.WriteAllTextAsync(rules, Rules, TestContext.Current.CancellationToken);
        var ports = FreePorts.Find(2);
        string[] arguments =
        [
            "up", "--no-simulator", "--no-browser", "--plain", "--data", Path.Combine(_data, "data"), "--http-port", $"{ports[0]}", "--mqtt-port", $"{ports[1]}",
            "--set", $"Alarms:RulesFile={rules}",
        ];
        using var api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}/") };
        string id;
        await using (var first = TelemetryProcess.Start(arguments))
        {
            await first.WaitForPortAsync(ports[1]);
            await PublishAsync(ports[1], "press-07", "oil", 95);
            var alarm = await AlarmAsync(first, api);
            alarm.GetProperty("status").GetString().ShouldBe("unacknowledged-active");
            id = alarm.GetProperty("id").GetString()!;
            using var answer = await api.PostAsJsonAsync($"api/v1/alarms/{id}/acknowledge?wait=1m", new { by = "ann", comment = "seen" });
            answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
            first.Kill();
            await first.WaitAsync();
        }

        await using var second = TelemetryProcess.Start(arguments);
        await second.WaitForPortAsync(ports[1]);
        var after = await AlarmAsync(second, api);
        (after.GetProperty("status").GetString(), after.GetProperty("acknowledgedBy").GetString(), after.GetProperty("comment").GetString())
            .ShouldBe(("acknowledged-active", "ann", "seen"));

        // Retained for whoever comes.
        var retained = await RetainedAsync(ports[1], "telemetry/v1/press-07/alarms");
        retained.GetProperty("alarms")[0].GetProperty("status").GetString().ShouldBe("acknowledged-active");

        await PublishAsync(ports[1], "press-07", "oil", 40);
        await UntilAsync(second, async () => (await GetAsync(api, $"api/v1/alarms/{id}"))?.GetProperty("status").GetString() == "normal");
        await UntilAsync(second, async () => (await GetAsync(api, $"api/v1/alarms/history?id={id}"))?.GetProperty("changes").GetArrayLength() == 3);
        var history = (await GetAsync(api, $"api/v1/alarms/history?id={id}"))!.Value.GetProperty("changes").EnumerateArray().ToList();
        history.Select(c => c.GetProperty("transition").GetString()).ShouldBe(["cleared", "acknowledged", "raised"]);
        second.Terminate();
        (await second.WaitAsync()).ShouldBe(0, second.Errors);
    }

    private static async Task PublishAsync(int port, string device, string sensor, double value)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId(device).Build());
        var answer = await client.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic($"telemetry/v1/{device}/readings")
            .WithPayload(JsonSerializer.Serialize(new { boot = 7, seq = value > 90 ? 1 : 2, readings = new[] { new { sensor, value } } }))
            .WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce)
            .Build());
        answer.IsSuccess.ShouldBeTrue(answer.ReasonString);
        await client.DisconnectAsync();
    }

    private static async Task<JsonElement> RetainedAsync(int port, string topic)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var came = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ApplicationMessageReceivedAsync += message =>
        {
            var text = message.ApplicationMessage.ConvertPayloadToString();
            if (message.ApplicationMessage.Retain && text.Contains("acknowledged-active", StringComparison.Ordinal) && !text.Contains("\"unacknowledged-active", StringComparison.Ordinal))
            {
                came.TrySetResult(text);
            }

            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("watcher").Build());
        using var limit = new CancellationTokenSource(Patience);
        while (!came.Task.IsCompleted)
        {
            // The edge may publish it a moment later than it starts.
            await client.SubscribeAsync(topic, MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce, limit.Token);
            await Task.WhenAny(came.Task, Task.Delay(500, limit.Token));
        }

        return JsonDocument.Parse(await came.Task).RootElement;
    }

    private static async Task<JsonElement> AlarmAsync(TelemetryProcess process, HttpClient api)
    {
        JsonElement alarm = default;
        await UntilAsync(process, async () =>
        {
            if (await GetAsync(api, "api/v1/alarms?source=oil-hot") is not { } list || list.GetProperty("alarms").GetArrayLength() == 0)
            {
                return false;
            }

            alarm = list.GetProperty("alarms")[0];
            return true;
        });
        return alarm;
    }

    private static async Task<JsonElement?> GetAsync(HttpClient api, string path)
    {
        try
        {
            using var answer = await api.GetAsync(new Uri(path, UriKind.Relative));
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonElement>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task UntilAsync(TelemetryProcess process, Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            process.HasExited.ShouldBeFalse(process.Errors);
            await Task.Delay(100, limit.Token);
        }
    }
}
