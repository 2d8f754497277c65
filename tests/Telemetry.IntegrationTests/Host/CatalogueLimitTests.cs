using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MQTTnet;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>
/// The real executable: what people and devices say of sensors is what their readings are judged by. A reading beyond a limit is an incident that names the
/// limit and the unit, before and after a SIGKILL, and without an entry there is none.
/// </summary>
[Collection("processes")]
public sealed class CatalogueLimitTests : IAsyncDisposable
{
    private const string Edited = "press-07";
    private const string Announced = "press-08";
    private const string Counted = "press-10";
    private const string Unknown = "press-09";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-limits-").FullName;
    private int _sequence;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Reading_beyond_a_limit_of_the_catalogue_is_an_incident_with_limit_and_unit_also_after_kill_9()
    {
        var ports = FreePorts.Find(2);
        string[] arguments = ["up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--http-port", $"{ports[0]}", "--mqtt-port", $"{ports[1]}"];
        using var api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}/api/v1/") };
        string id;
        await using (var first = TelemetryProcess.Start(arguments))
        {
            await first.WaitForPortAsync(ports[1]);

            // Known to nobody: a few readings say nothing.
            await SendAsync(ports[1], Edited, ("oil", 85));
            await SendAsync(ports[1], Unknown, ("oil", 85));
            await PutAsync(first, api, $"catalogue/devices/{Edited}/sensors/oil", new { unitCode = "Cel", hi = 80, hiHi = 95 });
            await PublishAsync(ports[1], Announced, "catalogue", new { sensors = new[] { new { sensor = "flow", unit = "l/min", ratePerMinute = 6 } } });
            await PublishAsync(ports[1], Counted, "catalogue", new { sensors = new[] { new { sensor = "parts", kind = "counter" } } });

            // In force from a record on that follows the device's next one.
            var hot = await UntilIncidentAsync(first, api, Edited, "limit", () => SendAsync(ports[1], Edited, ("oil", 85)));
            hot.GetProperty("text").GetString()!.ShouldStartWith("oil 85 °C, at or above the Hi limit of 80");
            id = hot.GetProperty("id").GetString()!;
            var flow = 10;
            var fast = await UntilIncidentAsync(first, api, Announced, "rate", () => SendAsync(ports[1], Announced, ("flow", flow += 50)));
            fast.GetProperty("text").GetString()!.ShouldMatch(@"^flow changes by [0-9.]+ l/min a second, allowed are 0\.1");

            // So few readings are no counter by themselves: the catalogue says that it is one.
            var parts = 0;
            var reset = await UntilIncidentAsync(first, api, Counted, "counter-reset", () => SendAsync(ports[1], Counted, ("parts", ++parts % 4 == 0 ? 3 : 100 + parts)));
            reset.GetProperty("text").GetString()!.ShouldStartWith("parts began again at 3");
            first.Kill();
            await first.WaitAsync();
        }

        await using var second = TelemetryProcess.Start(arguments);
        await second.WaitForPortAsync(ports[1]);
        await UntilIncidentAsync(second, api, Edited, "limit", () => Task.CompletedTask);
        await SendAsync(ports[1], Edited, ("oil", 97));
        await SendAsync(ports[1], Unknown, ("oil", 97));
        JsonElement hotter = default;
        await UntilAsync(second, async () =>
        {
            hotter = (await IncidentsAsync(api, Edited, "kind=limit")).Single();
            return hotter.GetProperty("text").GetString()!.Contains("HiHi", StringComparison.Ordinal);
        });
        hotter.GetProperty("id").GetString().ShouldBe(id, "it is the same cause");
        hotter.GetProperty("text").GetString()!.ShouldStartWith("oil 97 °C, at or above the HiHi limit of 95");
        (await IncidentsAsync(api, Unknown, "")).ShouldBeEmpty();

        // With the entry its limits go.
        using var gone = await api.DeleteAsync(new Uri($"catalogue/devices/{Edited}/sensors/oil", UriKind.Relative), Token);
        gone.StatusCode.ShouldBe(HttpStatusCode.NoContent, await gone.Content.ReadAsStringAsync(Token));
        second.Terminate();
        (await second.WaitAsync()).ShouldBe(0, second.Errors);
    }

    private Task SendAsync(int port, string device, params (string Sensor, double Value)[] readings)
    {
        var body = new { boot = 7, seq = _sequence + 1, readings = readings.Select(r => new { sensor = r.Sensor, value = r.Value }) };
        _sequence += readings.Length;
        return PublishAsync(port, device, "readings", body);
    }

    private static async Task PublishAsync(int port, string device, string topic, object payload)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId(device).Build(), Token);
        var answer = await client.PublishAsync(
            new MqttApplicationMessageBuilder()
                .WithTopic($"telemetry/v1/{device}/{topic}").WithPayload(JsonSerializer.Serialize(payload))
                .WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce).Build(),
            Token);
        answer.IsSuccess.ShouldBeTrue(answer.ReasonString);
        await client.DisconnectAsync(cancellationToken: Token);
    }

    private static Task PutAsync(TelemetryProcess process, HttpClient api, string path, object entry) => UntilAsync(process, async () =>
    {
        using var answer = await api.PutAsJsonAsync(new Uri(path, UriKind.Relative), entry, Token);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }

        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Token));
        return true;
    });

    /// <summary>Sends until an incident of the kind is stored.</summary>
    private static async Task<JsonElement> UntilIncidentAsync(TelemetryProcess process, HttpClient api, string device, string kind, Func<Task> send)
    {
        JsonElement[] found = [];
        await UntilAsync(process, async () =>
        {
            await send();
            found = await IncidentsAsync(api, device, $"kind={kind}");
            return found.Length > 0;
        });
        return found[^1];
    }

    private static async Task<JsonElement[]> IncidentsAsync(HttpClient api, string device, string filter)
    {
        try
        {
            using var answer = await api.GetAsync(new Uri($"incidents?device={device}&{filter}", UriKind.Relative), Token);
            return answer.IsSuccessStatusCode ? [.. (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("incidents").EnumerateArray()] : [];
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    private static async Task UntilAsync(TelemetryProcess process, Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        while (!await holds())
        {
            process.HasExited.ShouldBeFalse(process.Errors);
            await Task.Delay(300, limit.Token);
        }
    }
}
