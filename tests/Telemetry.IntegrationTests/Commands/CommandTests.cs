using System.Buffers;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet.Protocol;
using Telemetry.Bridge.Commands;
using Telemetry.Contracts;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing.Sparkplug.Wire;

namespace Telemetry.IntegrationTests.Commands;

/// <summary>Commands from the API over the log and real brokers to real MQTT clients, and their answers back.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CommandTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-commands-");
    private JournalLog _log = null!;
    private QueryServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(
            [.. new[] { LogTopics.Readings, LogTopics.Anomalies, LogTopics.DeadLetters, LogTopics.Commands, LogTopics.CommandResults }
                .Select(name => new TopicSpec(name, 3))],
            QueryStore.Token);
        _server = await QueryServer.StartAsync(store.ClickHouse, TimeProvider.System, log: _log);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_node_that_has_the_device_delivers_and_the_answer_comes_back()
    {
        await using var first = await EdgeNode.StartAsync(_log, "edge-1");
        await using var second = await EdgeNode.StartAsync(_log, "edge-2");
        await using var other = await first.ConnectAsync("press-8");
        await using var device = await second.ConnectAsync("press-7");

        var (status, answer) = await IssueAsync("press-7", """{"name": "set-interval", "payload": {"seconds": 5}, "by": "ada"}""", "?wait=30s");

        status.ShouldBe(HttpStatusCode.OK);
        answer.GetProperty("status").GetString().ShouldBe("answered");
        answer.GetProperty("edge").GetString().ShouldBe("edge-2");
        answer.GetProperty("by").GetString().ShouldBe("ada");
        answer.GetProperty("answer").GetProperty("done").GetInt32().ShouldBe(1);
        var command = device.Commands.ShouldHaveSingleItem();
        command.Payload.ShouldBe("""{"seconds": 5}""");
        command.Name.ShouldBe("set-interval");
        command.Topic.ShouldBe("telemetry/v1/press-7/commands/" + answer.GetProperty("id").GetString());
        other.Commands.ShouldBeEmpty();
    }

    [Fact]
    public async Task Metric_of_a_sparkplug_device_is_written_by_name_on_the_node_that_has_it()
    {
        await using var first = await EdgeNode.StartAsync(_log, "edge-1");
        await using var second = await EdgeNode.StartAsync(_log, "edge-2");
        await using var node = await TestClient.ConnectAsync(second.Port, "node");
        await node.SubscribeAsync("spBv1.0/plant/NCMD/line 1");
        await node.SubscribeAsync("spBv1.0/plant/DCMD/line 1/#");

        var (status, answer) = await IssueAsync(
            "plant:line_x201:press-7", """{"name": "sparkplug-write", "payload": {"metric": "Setpoint", "type": "Double", "value": 21.5}}""", "?wait=30s");
        status.ShouldBe(HttpStatusCode.OK);
        (answer.GetProperty("status").GetString(), answer.GetProperty("edge").GetString()).ShouldBe(("sent", "edge-2"));
        var written = await node.NextAsync();
        (written.Topic, written.QualityOfServiceLevel, written.Retain).ShouldBe(("spBv1.0/plant/DCMD/line 1/press-7", MqttQualityOfServiceLevel.AtMostOnce, false));
        var metric = Payload.Parser.ParseFrom(written.Payload.ToArray()).Metrics.ShouldHaveSingleItem();
        (metric.Name, metric.Datatype, metric.DoubleValue).ShouldBe(("Setpoint", 10u, 21.5));

        (status, _) = await IssueAsync("plant:line_x201", """{"name": "sparkplug-rebirth"}""", "?wait=30s");
        status.ShouldBe(HttpStatusCode.OK);
        var rebirth = await node.NextAsync();
        rebirth.Topic.ShouldBe("spBv1.0/plant/NCMD/line 1");
        Payload.Parser.ParseFrom(rebirth.Payload.ToArray()).Metrics.Single().Name.ShouldBe("Node Control/Rebirth");

        // Once, though nobody answers.
        await node.ShouldBeQuietAsync();
        var (refused, problem) = await IssueAsync("press-7", """{"name": "sparkplug-write", "payload": {"metric": "a", "value": true}}""");
        refused.ShouldBe(HttpStatusCode.BadRequest);
        problem.GetProperty("detail").GetString()!.ShouldContain("not an edge node");
    }

    [Fact]
    public async Task Device_can_refuse()
    {
        await using var edge = await EdgeNode.StartAsync(_log, "edge-1");
        await using var device = await edge.ConnectAsync("press-7", "error");
        var (_, answer) = await IssueAsync("press-7", """{"name": "self-destruct"}""", "?wait=30s");
        answer.GetProperty("status").GetString().ShouldBe("refused");
    }

    [Fact]
    public async Task Command_waits_for_its_device_and_survives_the_edge_node()
    {
        var (status, accepted) = await IssueAsync("press-7", """{"name": "ping", "lifetime": "10m"}""");
        status.ShouldBe(HttpStatusCode.Accepted);
        accepted.GetProperty("status").GetString().ShouldBe("accepted");
        await using (await EdgeNode.StartAsync(_log, "edge-1"))
        {
            // It reads the command and has no such device.
        }

        await using var edge = await EdgeNode.StartAsync(_log, "edge-2");
        await using var device = await edge.ConnectAsync("press-7");
        var answered = await ShowAsync("press-7", accepted.GetProperty("id").GetString()!, "?wait=30s");
        answered.GetProperty("status").GetString().ShouldBe("answered");
        answered.GetProperty("edge").GetString().ShouldBe("edge-2");
    }

    [Fact]
    public async Task Silent_device_gets_it_again_with_the_same_id_until_it_answers()
    {
        var options = new CommandOptions { ResendAfter = TimeSpan.FromMilliseconds(200) };
        await using var edge = await EdgeNode.StartAsync(_log, "edge-1", options);
        string id;
        await using (var silent = await edge.ConnectAsync("press-7", answer: null))
        {
            var (_, sent) = await IssueAsync("press-7", """{"name": "ping"}""");
            id = sent.GetProperty("id").GetString()!;
            while (silent.Commands.Count < 2)
            {
                await Task.Delay(20, QueryStore.Token);
            }

            silent.Commands.Select(c => c.Topic).Distinct().ShouldHaveSingleItem().ShouldEndWith(id);
            (await ShowAsync("press-7", id)).GetProperty("status").GetString().ShouldBe("sent");
        }

        await using var device = await edge.ConnectAsync("press-7");
        (await ShowAsync("press-7", id, "?wait=30s")).GetProperty("status").GetString().ShouldBe("answered");
    }

    [Fact]
    public async Task Answered_command_is_not_sent_again_by_a_node_that_starts_later()
    {
        await using (var edge = await EdgeNode.StartAsync(_log, "edge-1"))
        {
            await using var device = await edge.ConnectAsync("press-7");
            await IssueAsync("press-7", """{"name": "first"}""", "?wait=30s");
        }

        await using var later = await EdgeNode.StartAsync(_log, "edge-2");
        await using var again = await later.ConnectAsync("press-7");
        await IssueAsync("press-7", """{"name": "second"}""", "?wait=30s");
        again.Commands.ShouldHaveSingleItem().Name.ShouldBe("second");
    }

    [Fact]
    public async Task Expired_command_says_so_and_is_not_delivered()
    {
        var (_, accepted) = await IssueAsync("press-7", """{"name": "late", "lifetime": "50ms"}""");
        string? status;
        do
        {
            await Task.Delay(20, QueryStore.Token);
            status = (await ShowAsync("press-7", accepted.GetProperty("id").GetString()!)).GetProperty("status").GetString();
        }
        while (status == "accepted");
        status.ShouldBe("expired");
        await using var edge = await EdgeNode.StartAsync(_log, "edge-1");
        await using var device = await edge.ConnectAsync("press-7");
        await IssueAsync("press-7", """{"name": "ping"}""", "?wait=30s");
        device.Commands.ShouldHaveSingleItem().Name.ShouldBe("ping");
    }

    [Theory]
    [InlineData("press-7", "application/json", "{\"name\": \"a b\"}", "'name' is not usable")]
    [InlineData("press-7", "application/json", "{}", "'name' is missing")]
    [InlineData("press-7", "application/json", "[1]", "must be an object")]
    [InlineData("press-7", "application/json", "{", "not JSON")]
    [InlineData("press-7", "application/json", "{\"name\": \"x\", \"lifetime\": \"2d\"}", "'lifetime' is not usable")]
    [InlineData("press-7", "text/plain", "{\"name\": \"x\"}", "Content-Type: application/json")]
    [InlineData("bad device", "application/json", "{\"name\": \"x\"}", "cannot be a device")]
    public async Task Bad_command_is_refused_with_what_is_wrong(string device, string type, string body, string expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var response = await _server.Client.PostAsync($"/api/v1/devices/{Uri.EscapeDataString(device)}/commands", content, QueryStore.Token);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadFromJsonAsync<JsonElement>(QueryStore.Token)).GetProperty("detail").GetString()!.ShouldContain(expected);
    }

    [Fact]
    public async Task Too_large_a_body_is_refused()
    {
        var (status, problem) = await IssueAsync("press-7", $$"""{"name": "x", "payload": "{{new string('x', 300_000)}}"}""");
        status.ShouldBe(HttpStatusCode.BadRequest);
        problem.GetProperty("detail").GetString()!.ShouldContain("larger than");
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> IssueAsync(string device, string body, string query = "")
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _server.Client.PostAsync($"/api/v1/devices/{device}/commands{query}", content, QueryStore.Token);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(QueryStore.Token));
    }

    private Task<JsonElement> ShowAsync(string device, string id, string query = "") =>
        _server.Client.GetFromJsonAsync<JsonElement>($"/api/v1/devices/{device}/commands/{id}{query}", QueryStore.Token);
}
