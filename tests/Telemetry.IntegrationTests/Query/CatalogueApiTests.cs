using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Wire;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;
using Telemetry.Simulator.Options;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Query;

/// <summary>The catalogue over HTTP: entries put, found, and beside what is stored.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CatalogueApiTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-catalogue-");
    private JournalLog _log = null!;
    private QueryServer _server = null!;
    private IRecordProducer _producer = null!;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 2 }), QueryStore.Token);
        _producer = _log.CreateProducer(new ProducerOptions());
        _server = await QueryServer.StartAsync(store.ClickHouse, store.Time, new QueryOptions { ProgressAge = TimeSpan.Zero }, _log);
        await _server.Role.Catalogue!.Read.WaitAsync(TimeSpan.FromSeconds(30), QueryStore.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_entry_is_put_found_changed_over_its_version_only_and_taken_back()
    {
        const string path = "catalogue/devices/press-07";
        var empty = await _server.Client.GetJsonAsync("/api/v1/" + path);
        (empty.GetProperty("displayName").ValueKind, empty.GetProperty("version").GetInt32(), empty.GetProperty("sources").GetArrayLength(), empty.GetProperty("edited").ValueKind)
            .ShouldBe((JsonValueKind.Null, 0, 0, JsonValueKind.Null));

        var first = await SendAsync(HttpMethod.Put, path + "?by=ann&comment=name+plate", """{"displayName": "Press 7", "site": "graz", "line": "line-3", "tags": ["critical"]}""", "\"*\"", create: true);
        first.Status.ShouldBe(HttpStatusCode.OK);
        (await SendAsync(HttpMethod.Put, path, """{"displayName": "Again"}""", "\"*\"", create: true)).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        var second = await SendAsync(HttpMethod.Put, path, """{"displayName": "Press seven", "site": "graz", "line": "line-3"}""", first.Tag);
        (second.Status, second.Body.GetProperty("version").GetInt32(), second.Body.GetProperty("edited").GetProperty("displayName").GetString())
            .ShouldBe((HttpStatusCode.OK, 2, "Press seven"));
        (await SendAsync(HttpMethod.Put, path, """{"displayName": "Late"}""", first.Tag)).Status.ShouldBe(HttpStatusCode.PreconditionFailed);

        using var known = new HttpRequestMessage(HttpMethod.Get, "/api/v1/" + path) { Headers = { { "If-None-Match", second.Tag } } };
        using var notModified = await _server.Client.SendAsync(known, QueryStore.Token);
        notModified.StatusCode.ShouldBe(HttpStatusCode.NotModified);

        (await SendAsync(HttpMethod.Delete, path, null, second.Tag)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await SendAsync(HttpMethod.Delete, path, null, null)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await _server.Client.GetJsonAsync("/api/v1/" + path)).GetProperty("sources").GetArrayLength().ShouldBe(0);

        // A deleted entry that comes back goes on counting its versions.
        (await SendAsync(HttpMethod.Put, path, """{"displayName": "New"}""", null)).Body.GetProperty("version").GetInt32().ShouldBe(4);
    }

    [Fact]
    public async Task A_simulated_past_stays_marked_when_the_fleet_starts_again()
    {
        var desk = _server.Role.Catalogue!;
        var fleet = new SimulatorOptions { Devices = 2, DevicePrefix = "again", History = TimeSpan.FromHours(6), HistoryDevices = 1, HistoryWithin = TimeSpan.FromSeconds(40) };
        var first = new DateTimeOffset(2026, 11, 30, 16, 0, 0, TimeSpan.Zero);
        await SimulatedCatalogue.AnnounceAsync(desk, fleet, first, QueryStore.Token);
        await SimulatedCatalogue.AnnounceAsync(desk, fleet with { History = null }, first.AddDays(1), QueryStore.Token);

        var tags = (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/again-00000")).GetProperty("tags").EnumerateArray().Select(t => t.GetString()).ToList();
        tags.ShouldContain("simulated-history=2026-11-30T10:00:00Z/2026-11-30T16:00:40Z");
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/again-00001")).GetProperty("tags").EnumerateArray().Select(t => t.GetString()).ShouldBe(["simulated"]);
    }

    [Fact]
    public async Task Devices_are_found_by_place_type_tag_and_display_name()
    {
        await ImportAsync(
            """
            {"entries": [
              {"device": "press-07", "displayName": "Große Presse", "site": "graz", "line": "line-3", "type": "press", "tags": ["critical", "owner=anna"]},
              {"device": "press-08", "site": "graz", "line": "line-4", "type": "press"},
              {"device": "never-seen", "site": "graz"},
              {"device": "old-*", "type": "tank"}
            ]}
            """);
        (await NamesAsync("site=graz")).ShouldBe(["press-07", "press-08"]);
        (await NamesAsync("site=graz&line=line-4")).ShouldBe(["press-08"]);
        (await NamesAsync("type=tank")).ShouldBe(["old-1"], "a pattern counts for devices that the catalogue does not name");
        (await NamesAsync("tag=critical")).ShouldBe(["press-07"]);
        (await NamesAsync("tag=owner%3Danna")).ShouldBe(["press-07"]);
        (await NamesAsync("tag=owner%3Dbert")).ShouldBeEmpty();
        (await NamesAsync("search=gro%C3%9Fe")).ShouldBe(["press-07"]);
        (await NamesAsync("search=OLD")).ShouldBe(["old-1"]);

        var page = await _server.Client.GetJsonAsync("/api/v1/devices?limit=1&site=graz");
        (page.GetProperty("devices")[0].GetProperty("displayName").GetString(), page.GetProperty("devices")[0].GetProperty("tags")[1].GetString()).ShouldBe(("Große Presse", "owner=anna"));
        (await NamesAsync($"limit=1&site=graz&cursor={page.GetProperty("nextCursor").GetString()}")).ShouldBe(["press-08"]);
        (await _server.Client.GetJsonAsync("/api/v1/devices/press-07")).GetProperty("line").GetString().ShouldBe("line-3");

        var named = await _server.Client.GetJsonAsync("/api/v1/catalogue/devices?limit=2");
        named.GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("device").GetString()).ShouldBe(["never-seen", "press-07"]);
        var rest = await _server.Client.GetJsonAsync($"/api/v1/catalogue/devices?limit=2&cursor={named.GetProperty("nextCursor").GetString()}");
        (rest.GetProperty("devices")[0].GetProperty("device").GetString(), rest.GetProperty("nextCursor").ValueKind).ShouldBe(("press-08", JsonValueKind.Null));

        var places = await _server.Client.GetJsonAsync("/api/v1/catalogue/places");
        places.GetProperty("places").EnumerateArray().Select(p => $"{p.GetProperty("line").GetString()} {p.GetProperty("devices")}").ShouldBe([" 1", "line-3 1", "line-4 1"]);
        places.GetProperty("tags")[0].GetProperty("tag").GetString().ShouldBe("critical");
    }

    [Fact]
    public async Task Units_and_names_stand_beside_every_series()
    {
        await ImportAsync(
            """
            {"entries": [
              {"device": "*", "sensor": "temperature", "unitCode": "Cel", "displayName": "Temperature", "kind": "analog", "decimals": 1},
              {"device": "press-07", "displayName": "Press 7", "line": "line-3"},
              {"device": "press-08", "line": "line-4"}
            ]}
            """);
        var latest = (await _server.Client.GetJsonAsync("/api/v1/latest?device=press-07&sensor=temperature")).GetProperty("latest")[0];
        (latest.GetProperty("unit").GetString(), latest.GetProperty("displayName").GetString()).ShouldBe(("°C", "Temperature"));
        (await _server.Client.GetStringAsync(new Uri("/api/v1/latest?device=press-07&sensor=temperature&format=csv", UriKind.Relative), QueryStore.Token))
            .Split('\n')[1].ShouldEndWith(",\"°C\",\"Temperature\"");

        var series = await _server.Client.GetJsonAsync("/api/v1/series?device=press-07&sensor=temperature&from=now-10m&step=1m");
        (series.GetProperty("unit").GetString(), series.GetProperty("unitCode").GetString(), series.GetProperty("decimals").GetInt32(), series.GetProperty("deviceDisplayName").GetString())
            .ShouldBe(("°C", "Cel", 1, "Press 7"));
        (await _server.Client.GetJsonAsync("/api/v1/sensors/temperature/series?from=now-10m&step=1m")).GetProperty("unit").GetString().ShouldBe("°C");

        var sensors = (await _server.Client.GetJsonAsync("/api/v1/devices/press-07/sensors")).GetProperty("sensors").EnumerateArray();
        sensors.Single(s => s.GetProperty("sensor").GetString() == "temperature").GetProperty("kind").GetString().ShouldBe("analog");
        var listed = (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/press-07/sensors")).GetProperty("sensors").EnumerateArray().ToList();
        listed.Select(s => s.GetProperty("sensor").GetString()).ShouldBe(["odd", "temperature", "void"]);
        listed[1].GetProperty("sources")[0].GetString().ShouldBe("pattern");

        // A unit that is not everyone's is not the unit of their mean.
        await ImportAsync("""{"entries": [{"device": "press-08", "sensor": "temperature", "unitCode": "K"}]}""");
        (await _server.Client.GetJsonAsync("/api/v1/sensors/temperature/series?from=now-10m&step=1m")).GetProperty("unit").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Series_are_put_together_by_place()
    {
        await ImportAsync("""{"entries": [{"device": "press-07", "line": "line-3"}, {"device": "press-08", "line": "line-3"}]}""");
        var from = (store.Now / 1_000_000) - 10_800;
        var grouped = await _server.Client.GetJsonAsync($"/api/v1/sensors/temperature/series?group=line&step=1m&from={from}000&to={from + 600}000");
        var group = grouped.GetProperty("groups").EnumerateArray().Single();
        group.GetProperty("group").GetString().ShouldBe("line-3");

        // Both send once a second; the second 1,000 more than the first.
        var columns = group.GetProperty("columns");
        (columns.GetProperty("count")[0].GetInt32(), columns.GetProperty("min")[0].GetDouble(), columns.GetProperty("max")[0].GetDouble()).ShouldBe((120, 0, 1059));
        (await _server.Client.GetJsonAsync("/api/v1/sensors/temperature/series?group=line&step=1m&site=nowhere")).GetProperty("groups").GetArrayLength().ShouldBe(0);
        var csv = await _server.Client.GetStringAsync(
            new Uri($"/api/v1/sensors/temperature/series?group=line&step=1m&from={from}000&to={from + 60}000&format=csv", UriKind.Relative), QueryStore.Token);
        csv.Split('\n')[1].ShouldStartWith("\"line-3\",");
        (await _server.Client.GetProblemAsync("/api/v1/sensors/temperature/series?group=planet", 400)).GetProperty("parameter").GetString().ShouldBe("group");
    }

    [Fact]
    public async Task An_export_is_imported_without_a_change_in_both_formats()
    {
        await ImportAsync(
            """
            {"entries": [
              {"device": "press-07", "displayName": "A \"press\"; 7", "tags": ["a", "b=c"], "expectedInterval": "10s"},
              {"device": "press-07", "sensor": "temperature", "unit": "°C", "hi": 80.5, "states": {}},
              {"device": "*", "sensor": "valve", "kind": "state", "states": {"0": "closed", "1": "open"}}
            ]}
            """);
        foreach (var (format, type) in new[] { ("json", "application/json"), ("csv", "text/csv") })
        {
            var document = await _server.Client.GetStringAsync(new Uri($"/api/v1/catalogue/export?format={format}", UriKind.Relative), QueryStore.Token);
            (await ImportAsync(document, type, "?replace=true")).ShouldBe((0, 0, 3, 0));
        }

        (await ImportAsync("""{"entries": [{"device": "press-07", "displayName": "B"}]}""", query: "?replace=true")).ShouldBe((0, 1, 0, 2));
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/patterns")).GetProperty("patterns").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_cannot_be_used_is_refused_whole_and_a_check_changes_nothing()
    {
        var bad = await SendAsync(HttpMethod.Post, "catalogue/import", """{"entries": [{"device": "press-07", "displayName": "A"}, {"device": "press-07", "sensor": "t", "unitCode": "degC"}]}""", null);
        (bad.Status, bad.Body.GetProperty("detail").GetString()).ShouldBe((
            HttpStatusCode.UnprocessableEntity,
            "entries[1].unitCode: 'degC' is no UCUM code; perhaps 'Cel' is meant. Examples: Cel, bar, mm/s, kW.h, {pieces}. Free text goes into 'unit'."));
        var check = await SendAsync(HttpMethod.Post, "catalogue/check", """{"entries": [{"device": "press-07", "displayName": "A"}]}""", null);
        (check.Body.GetProperty("usable").GetBoolean(), check.Body.GetProperty("added").GetInt32()).ShouldBe((true, 1));
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices")).GetProperty("devices").GetArrayLength().ShouldBe(0);
        (await SendAsync(HttpMethod.Put, "catalogue/patterns/press", "{}", null)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await SendAsync(HttpMethod.Put, "catalogue/devices/press-07", """{"site": 7}""", null)).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task A_pattern_is_put_and_deleted_by_its_names()
    {
        const string path = "catalogue/patterns/*%2Foil%2Ftemp*";
        (await SendAsync(HttpMethod.Put, path, """{"unitCode": "Cel"}""", null)).Body.GetProperty("edited").GetProperty("unit").GetString().ShouldBe("°C");
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/patterns")).GetProperty("patterns")[0].GetProperty("pattern").GetString().ShouldBe("*/oil/temp*");
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/any/sensors/oil%2Ftemperature")).GetProperty("unit").GetString().ShouldBe("°C");
        (await SendAsync(HttpMethod.Delete, path, null, null)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/any/sensors/oil%2Ftemperature")).GetProperty("unit").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task What_devices_announce_arrives_and_every_version_is_stored_once()
    {
        var entry = CatalogueReader.ReadAnnouncement(
            """{"displayName": "Old tank", "type": "tank", "sensors": [{"sensor": "level", "unit": "m"}]}"""u8.ToArray(), "old-1", out _)!;
        entry.TimeUs = store.Now - 1_000_000;
        _producer.TryAppend(
            new NewRecord { Topic = Contracts.LogTopics.Catalogue, Key = CatalogueName.Of(entry).ToKey(), Value = FramedMessage.Write(entry, SchemaIds.CatalogueEntry), TimestampMs = 1 },
            null, 0).ShouldBeTrue();
        await _producer.FlushAsync(QueryStore.Token);
        await UntilAsync(async () => (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/old-1/sensors/level")).GetProperty("unit").GetString() == "m");
        (await _server.Client.GetJsonAsync("/api/v1/catalogue/devices/old-1")).GetProperty("sources")[0].GetString().ShouldBe("device");
        await ImportAsync("""{"entries": [{"device": "old-1", "displayName": "Tank 1"}, {"device": "old-*", "sensor": "level", "displayName": "Level"}]}""", query: "?by=ann&comment=tour");

        // Nothing but the log fills it.
        var database = $"q_{Guid.NewGuid():N}";
        await store.ClickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE DATABASE {database}"), QueryStore.Token);
        var stored = new DatabaseScope(store.Engine.Engine, database);
        await SchemaMigrator.ApplyAsync(stored, new SchemaOptions { FreeDiskBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System, QueryStore.Token);
        await stored.ExecuteAsync(
            new ClickHouseQuery("INSERT INTO rollup_in SELECT 'level', 'old-1', fromUnixTimestamp64Micro(1000000, 'UTC'), 1., 0, 1"), QueryStore.Token);
        await using (var sink = new StorageSink(_log, stored, StorageHarness.Options, NullLoggerFactory.Instance, TimeProvider.System))
        {
            await sink.RunToEndAsync(QueryStore.Token);
        }

        await using var server = await QueryServer.StartAsync(stored, store.Time, log: _log);
        var versions = (await server.Client.GetJsonAsync("/api/v1/catalogue/history?device=old-1")).GetProperty("versions").EnumerateArray().ToList();
        versions.Select(v => $"{v.GetProperty("source").GetString()} {v.GetProperty("by").GetString()} {v.GetProperty("comment").GetString()} {v.GetProperty("deleted")}")
            .ShouldBe(["edited ann tour False", "device   False"]);
        JsonDocument.Parse(versions[1].GetProperty("document").GetString()!).RootElement.GetProperty("sensors")[0].GetProperty("unit").GetString().ShouldBe("m");

        // As SQL and Grafana see it.
        (await stored.QueryRowsAsync("SELECT display_name, type FROM catalogue_devices WHERE device = 'old-1'", null, QueryStore.Token))[0].ShouldBe(["Tank 1", "tank"]);
        (await stored.QueryRowsAsync("SELECT display_name, unit FROM catalogue_sensors WHERE device = 'old-1' AND sensor = 'level'", null, QueryStore.Token))[0].ShouldBe(["Level", "m"]);
        await store.ClickHouse.ExecuteAsync(new ClickHouseQuery($"DROP DATABASE {database}"), QueryStore.Token);
    }

    [Fact]
    public async Task Pages_of_events_do_not_move_when_more_come()
    {
        var first = await _server.Client.GetJsonAsync("/api/v1/anomalies?limit=30");
        var cursor = first.GetProperty("nextCursor").GetString()!;
        var second = await _server.Client.GetJsonAsync($"/api/v1/anomalies?limit=30&cursor={cursor}");
        var expected = await _server.Client.GetJsonAsync("/api/v1/anomalies?limit=60");
        second.GetProperty("anomalies")[0].GetRawText().ShouldBe(expected.GetProperty("anomalies")[30].GetRawText());
        (await _server.Client.GetProblemAsync("/api/v1/anomalies?cursor=nonsense!", 400)).GetProperty("parameter").GetString().ShouldBe("cursor");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(QueryStore.Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private async Task<IReadOnlyList<string?>> NamesAsync(string query) =>
        [.. (await _server.Client.GetJsonAsync("/api/v1/devices?" + query)).GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("device").GetString())];

    private async Task<(int Added, int Changed, int Unchanged, int Deleted)> ImportAsync(string document, string type = "application/json", string query = "")
    {
        using var content = new StringContent(document, Encoding.UTF8, type);
        using var response = await _server.Client.PostAsync(new Uri("/api/v1/catalogue/import" + query, UriKind.Relative), content, QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        var answer = JsonDocument.Parse(text).RootElement;
        return (answer.GetProperty("added").GetInt32(), answer.GetProperty("changed").GetInt32(), answer.GetProperty("unchanged").GetInt32(), answer.GetProperty("deleted").GetInt32());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body, string? Tag)> SendAsync(HttpMethod method, string path, string? body, string? tag, bool create = false)
    {
        using var request = new HttpRequestMessage(method, "/api/v1/" + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (create)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        }
        else if (tag is not null)
        {
            request.Headers.IfMatch.ParseAdd(tag);
        }

        using var response = await _server.Client.SendAsync(request, QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response.Headers.ETag?.Tag);
    }
}
