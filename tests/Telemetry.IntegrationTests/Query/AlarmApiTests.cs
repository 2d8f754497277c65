using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Alarms;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Alarms over HTTP: the alarms role and the query role over one journal.</summary>
[Collection(EngineFixture.Collection)]
public sealed class AlarmApiTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-alarms-");
    private JournalLog _log = null!;
    private AlarmsRole _role = null!;
    private QueryServer _server = null!;
    private IRecordProducer _producer = null!;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 2 }), QueryStore.Token);
        _producer = _log.CreateProducer(new ProducerOptions());
        _role = new AlarmsRole(_log, new AlarmsOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await _role.StartAsync(QueryStore.Token);
        _server = await QueryServer.StartAsync(store.ClickHouse, TimeProvider.System, log: _log);
        await UntilAsync(async () => (await _server.Client.GetAsync(new Uri("/api/v1/alarms", UriKind.Relative), QueryStore.Token)).IsSuccessStatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _role.StopAsync(CancellationToken.None);
        await _role.DisposeAsync();
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_alarm_is_listed_acknowledged_shelved_and_refuses_what_its_state_does_not_allow()
    {
        var id = await RaiseAsync("press-07", "hot");
        var list = await _server.Client.GetJsonAsync("/api/v1/alarms?device=press-07");
        var alarm = list.GetProperty("alarms")[0];
        (alarm.GetProperty("id").GetString(), alarm.GetProperty("status").GetString(), alarm.GetProperty("value").GetDouble(), alarm.GetProperty("sensor").GetString())
            .ShouldBe((id, "unacknowledged-active", 91.5, "oil"));

        var change = (await PostAsync($"alarms/{id}/acknowledge", """{"by": "ann", "comment": "seen"}""", HttpStatusCode.OK)).GetProperty("change");
        (change.GetProperty("transition").GetString(), change.GetProperty("by").GetString(), change.GetProperty("alarm").GetProperty("status").GetString())
            .ShouldBe(("acknowledged", "ann", "acknowledged-active"));

        var problem = await PostAsync($"alarms/{id}/acknowledge", """{"by": "bob"}""", HttpStatusCode.Conflict);
        problem.GetProperty("detail").GetString().ShouldBe("An alarm that is acknowledged-active does not allow it.");
        await PostAsync($"alarms/{id}/shelve", """{"by": "ann", "for": "30m"}""", HttpStatusCode.OK);
        await UntilAsync(async () => (await _server.Client.GetJsonAsync("/api/v1/alarms?device=press-07")).GetProperty("alarms").GetArrayLength() == 0);
        (await _server.Client.GetJsonAsync("/api/v1/alarms?device=press-07&status=shelved")).GetProperty("alarms")[0].GetProperty("inhibitedBy").GetString().ShouldBe("ann");
    }

    [Theory]
    [InlineData("shelve", """{"by": "ann"}""", "A shelved alarm needs an end in the future")]
    [InlineData("shelve", """{"by": "ann", "for": "25h"}""", "at most 24 h from now")]
    [InlineData("acknowledge", """{"comment": "x"}""", "'by' is missing")]
    [InlineData("acknowledge", """{"by": "ann", "for": "1m"}""", "'for' is not usable")]
    [InlineData("comment", """{"by": "ann"}""", "'comment' is missing")]
    [InlineData("acknowledge", "[]", "The body must be an object.")]
    public async Task What_is_wrong_with_a_command_is_said(string action, string body, string detail)
    {
        var id = await RaiseAsync("press-01", "hot");
        (await PostAsync($"alarms/{id}/{action}", body, HttpStatusCode.BadRequest)).GetProperty("detail").GetString()!.ShouldContain(detail);
    }

    [Fact]
    public async Task A_list_that_has_not_changed_is_not_given_twice_and_a_version_can_be_asked_for()
    {
        var id = await RaiseAsync("press-02", "hot");
        using var first = await _server.Client.GetAsync(new Uri("/api/v1/alarms", UriKind.Relative), QueryStore.Token);
        var tag = first.Headers.ETag.ShouldNotBeNull();
        (await GetAsync("/api/v1/alarms", tag)).ShouldBe(HttpStatusCode.NotModified);

        using var one = await _server.Client.GetAsync(new Uri($"/api/v1/alarms/{id}", UriKind.Relative), QueryStore.Token);
        await PostAsync($"alarms/{id}/comment", """{"by": "ann", "comment": "hm"}""", HttpStatusCode.OK);
        await UntilAsync(async () => await GetAsync("/api/v1/alarms", tag) == HttpStatusCode.OK);
        await PostAsync($"alarms/{id}/acknowledge", """{"by": "ann"}""", HttpStatusCode.PreconditionFailed, one.Headers.ETag!.Tag);
        using var now = await _server.Client.GetAsync(new Uri($"/api/v1/alarms/{id}", UriKind.Relative), QueryStore.Token);
        await PostAsync($"alarms/{id}/acknowledge", """{"by": "ann"}""", HttpStatusCode.OK, now.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_stream_that_comes_back_gets_every_change_it_missed()
    {
        string place;
        using (var stream = await LiveClientReader.OpenAsync(_server.Client, "/api/v1/alarms/live"))
        {
            await RaiseAsync("press-03", "hot");
            place = (await stream.ReadLineAsync(line => line.StartsWith("id: ", StringComparison.Ordinal)))["id: ".Length..];
            var data = JsonDocument.Parse((await stream.ReadLineAsync(line => line.StartsWith("data: ", StringComparison.Ordinal)))["data: ".Length..]).RootElement;
            data.GetProperty("transition").GetString().ShouldBe("raised");
        }

        for (var i = 10; i < 15; i++)
        {
            await RaiseAsync($"press-{i}", "hot");
        }

        _server.Client.DefaultRequestHeaders.Add("Last-Event-ID", place);
        using var again = await LiveClientReader.OpenAsync(_server.Client, "/api/v1/alarms/live");
        _server.Client.DefaultRequestHeaders.Remove("Last-Event-ID");
        await RaiseAsync("press-15", "hot");
        var devices = (await again.ReadAsync(6)).Select(e => e.Data.GetProperty("alarm").GetProperty("device").GetString()).ToList();
        devices.Order().ShouldBe(Enumerable.Range(10, 6).Select(i => $"press-{i}"));
        devices[^1].ShouldBe("press-15");
    }

    [Fact]
    public async Task Rules_are_checked_put_and_make_alarms()
    {
        const string rules = """{"rules": [{"name": "oil-hot", "type": "threshold", "sensor": "oil", "above": 90}]}""";
        (await SendAsync(HttpMethod.Post, "alarms/rules/check", """{"rules": [{"name": "x"}]}""", HttpStatusCode.OK)).GetProperty("errors")[0].GetProperty("where").GetString()
            .ShouldBe("rules[0].type");
        (await SendAsync(HttpMethod.Put, "alarms/rules?by=ann", """{"rules": [{"name": "x"}]}""", HttpStatusCode.UnprocessableEntity)).GetProperty("detail").GetString()!
            .ShouldContain("rules[0].type");
        (await _server.Client.GetJsonAsync("/api/v1/alarms/rules")).GetProperty("version").GetInt32().ShouldBe(0);

        (await SendAsync(HttpMethod.Put, "alarms/rules?by=ann", rules, HttpStatusCode.OK)).GetProperty("version").GetInt32().ShouldBe(1);
        (await SendAsync(HttpMethod.Put, "alarms/rules", rules, HttpStatusCode.BadRequest)).GetProperty("detail").GetString()!.ShouldContain("'by'");
        await SendAsync(HttpMethod.Put, "alarms/rules?by=bob", rules, HttpStatusCode.PreconditionFailed, "\"7\"");
        await UntilAsync(async () => (await _server.Client.GetJsonAsync("/api/v1/alarms/rules")).GetProperty("by").GetString() == "ann");

        var value = 91.0;
        await UntilAsync(async () =>
        {
            _producer.TryAppend(
                new NewRecord { Topic = LogTopics.Readings, Key = "press-09"u8, Value = Reading("press-09", "oil", value++), TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() },
                null,
                0);
            return (await _server.Client.GetJsonAsync("/api/v1/alarms?device=press-09&source=oil-hot")).GetProperty("alarms").GetArrayLength() == 1;
        });

        // Without the rule its condition is over.
        await SendAsync(HttpMethod.Put, "alarms/rules?by=ann", "{}", HttpStatusCode.OK);
        await UntilAsync(async () =>
            (await _server.Client.GetJsonAsync("/api/v1/alarms?device=press-09")).GetProperty("alarms")[0].GetProperty("status").GetString() == "returned-unacknowledged");
    }

    [Fact]
    public async Task Figures_are_those_of_the_history()
    {
        var start = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        await store.RunAsync(
            "INSERT INTO alarms (device, sensor, event_time, id, change, transition, status, previous, source, kind, priority, value, occurrences, sequence) "
            + "SELECT 'stats-1', 'oil', fromUnixTimestamp64Micro(toInt64(" + (start.ToUnixTimeMilliseconds() * 1000) + " + multiIf(number < 12, number * 30000000, number * 3600000000)), 'UTC'), "
            + "if(number < 12, 'aa', 'bb'), toString(number), 'raised', 'unacknowledged-active', 'normal', 'hot', 'threshold', if(number < 12, 'high', 'low'), 1, 1, number FROM numbers(16)");

        var stats = await _server.Client.GetJsonAsync("/api/v1/alarms/stats?device=stats-1&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z");

        stats.GetProperty("raised").GetInt32().ShouldBe(16);
        stats.GetProperty("perHour").GetDouble().ShouldBe(0.667);
        stats.GetProperty("mostInTenMinutes").GetInt32().ShouldBe(12);
        stats.GetProperty("assessment").GetString().ShouldBe("acceptable");
        stats.GetProperty("byPriority").GetProperty("high").GetInt32().ShouldBe(12);
        stats.GetProperty("floods").GetArrayLength().ShouldBe(1);
        stats.GetProperty("floods")[0].GetProperty("alarms").GetInt32().ShouldBe(12);
        stats.GetProperty("top")[0].GetProperty("id").GetString().ShouldBe("aa");
        (await _server.Client.GetJsonAsync("/api/v1/alarms/history?device=stats-1&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&transition=raised"))
            .GetProperty("changes").GetArrayLength().ShouldBe(16);
    }

    [Fact]
    public async Task Of_many_who_saw_the_same_version_one_changes_the_alarm_and_the_others_learn_it()
    {
        var id = await RaiseAsync("race-1", "hot");
        var seen = await _server.Client.GetJsonAsync($"/api/v1/alarms/{id}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/v1/alarms/{id}/comment", UriKind.Relative))
            {
                Content = new StringContent($$"""{"by": "ann", "comment": "{{i}}"}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{seen.GetProperty("version").GetUInt64()}\""));
            using var response = await _server.Client.SendAsync(request, QueryStore.Token);
            return response.StatusCode;
        }));

        answers.Count(status => status == HttpStatusCode.OK).ShouldBe(1, string.Join(' ', answers));
        answers.ShouldAllBe(status => status == HttpStatusCode.OK || status == HttpStatusCode.PreconditionFailed);
    }

    private static byte[] Reading(string device, string sensor, double value) => Contracts.Wire.FramedMessage.Write(
        new ReadingBatch
        {
            Device = device, BootId = 1, FirstSequence = (ulong)DateTimeOffset.UtcNow.Ticks, Sensors = { sensor }, Values = { value },
            BaseTimeUs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000,
        },
        Contracts.Wire.SchemaIds.ReadingBatch);

    private async Task<string> RaiseAsync(string device, string source)
    {
        var input = new AlarmInput
        {
            Condition = new AlarmCondition
            {
                Device = device, Sensor = "oil", Source = source, Kind = "threshold", Active = true, Priority = AlarmPriority.High, Text = "oil 91.5, above 90", Value = 91.5,
            },
        };
        _producer.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.AlarmInputs, Key = Encoding.ASCII.GetBytes(device), Value = input.ToByteArray(), TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            },
            null,
            0).ShouldBeTrue();
        var id = AlarmId.Of(device, "oil", source);
        await UntilAsync(async () => (await _server.Client.GetAsync(new Uri($"/api/v1/alarms/{id}", UriKind.Relative), QueryStore.Token)).IsSuccessStatusCode);
        return id;
    }

    private Task<JsonElement> PostAsync(string path, string body, HttpStatusCode status, string? match = null) => SendAsync(HttpMethod.Post, path, body, status, match);

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string body, HttpStatusCode status, string? match = null)
    {
        using var request = new HttpRequestMessage(method, new Uri("/api/v1/" + path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (match is not null)
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue(match));
        }

        using var response = await _server.Client.SendAsync(request, QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        response.StatusCode.ShouldBe(status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<HttpStatusCode> GetAsync(string path, EntityTagHeaderValue known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.IfNoneMatch.Add(known);
        using var response = await _server.Client.SendAsync(request, QueryStore.Token);
        return response.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
