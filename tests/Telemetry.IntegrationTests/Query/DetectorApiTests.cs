using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Detection;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Processing;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Settings of detectors over HTTP: versions on a journal, trials over stored readings.</summary>
[Collection(EngineFixture.Collection)]
public sealed class DetectorApiTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private const string Quiet = """{ "rules": [{ "device": "trial-*", "detectors": [] }], /* why */ "outOfService": [{ "device": "trial-02" }] }""";
    private const string SpikeOnly = """{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Confidence": 99.9, "PvalueHistoryLength": 100 }] }] }""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-detectors-");
    private JournalLog _log = null!;
    private DetectorDesk _desk = null!;
    private QueryServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 2 }), QueryStore.Token);
        _desk = new DetectorDesk(_log, store.ClickHouse, new ProcessingOptions(), NullLogger<DetectorDesk>.Instance, TimeProvider.System);
        _desk.Start();
        _server = await QueryServer.StartAsync(store.ClickHouse, TimeProvider.System, log: _log, detectors: _desk);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _desk.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Settings_are_put_shown_explained_and_kept_as_versions()
    {
        var none = await _server.Client.GetJsonAsync("/api/v1/detectors");
        none.GetProperty("version").GetInt32().ShouldBe(0);
        none.GetProperty("known").EnumerateArray().Select(d => d.GetProperty("detector").GetString())
            .ShouldBe(["default", "typed", "iid-spike", "iid-change-point", "ssa-spike", "ssa-change-point"], ignoreOrder: true);

        var put = await SendAsync(HttpMethod.Put, "detectors?by=ann&comment=noisy&expected=0", Quiet, HttpStatusCode.OK);
        (put.GetProperty("version").GetInt32(), put.GetProperty("by").GetString(), put.GetProperty("source").GetString(), put.GetProperty("comment").GetString())
            .ShouldBe((1, "ann", "api", "noisy"));
        await SendAsync(HttpMethod.Put, "detectors?by=bob&source=backtest", SpikeOnly, HttpStatusCode.OK);

        var now = await _server.Client.GetJsonAsync("/api/v1/detectors");
        now.GetProperty("version").GetInt32().ShouldBe(2);
        now.GetProperty("document").GetString().ShouldBe(SpikeOnly);
        now.GetProperty("settings").GetProperty("rules").GetArrayLength().ShouldBe(1);
        var history = (await _server.Client.GetJsonAsync("/api/v1/detectors/history")).GetProperty("versions");
        history.EnumerateArray().Select(v => (v.GetProperty("version").GetInt32(), v.GetProperty("by").GetString())).ShouldBe([(2, "bob"), (1, "ann")]);
        history[1].GetProperty("document").GetString().ShouldBe(Quiet, "as it was given, comments too");
        (await _server.Client.GetJsonAsync("/api/v1/detectors/history?limit=1")).GetProperty("versions").GetArrayLength().ShouldBe(1);

        var series = await _server.Client.GetJsonAsync("/api/v1/devices/trial-01/sensors/flow/detectors");
        series.GetProperty("detectors")[0].GetString()!.ShouldStartWith("iid-spike");
        series.GetProperty("outOfService").GetBoolean().ShouldBeFalse();
        await SendAsync(HttpMethod.Put, "detectors", Quiet, HttpStatusCode.OK);
        series = await _server.Client.GetJsonAsync("/api/v1/devices/trial-02/sensors/flow/detectors");
        series.GetProperty("detectors").GetArrayLength().ShouldBe(0);
        series.GetProperty("outOfService").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_made_on_an_older_version_is_refused_and_changes_nothing()
    {
        await SendAsync(HttpMethod.Put, "detectors?expected=0", SpikeOnly, HttpStatusCode.OK);

        var refused = await SendAsync(HttpMethod.Put, "detectors?expected=0", Quiet, HttpStatusCode.Conflict);

        refused.GetProperty("detail").GetString()!.ShouldContain("1");
        (await _server.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("document").GetString().ShouldBe(SpikeOnly);
    }

    [Theory]
    [InlineData("""{ "rules": [{ "detectors": [{ "detector": "z-score" }] }] }""", "rules[0].detectors[0]: 'z-score' is not a detector")]
    [InlineData("""{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Confidence": 100 }] }] }""", "rules[0].detectors[0]")]
    [InlineData("""{ "rule": [] }""", "rule")]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    public async Task What_is_wrong_with_a_document_is_said_with_its_place_and_nothing_is_put(string document, string detail)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Post, "detectors/check"), (HttpMethod.Put, "detectors"), (HttpMethod.Post, Trial("flow")) })
        {
            (await SendAsync(method, path, document, HttpStatusCode.BadRequest)).GetProperty("detail").GetString()!.ShouldContain(detail, Case.Insensitive, path);
        }

        (await _server.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("version").GetInt32().ShouldBe(0);
        (await SendAsync(HttpMethod.Post, "detectors/check", SpikeOnly, HttpStatusCode.OK)).GetProperty("usable").GetBoolean().ShouldBeTrue();
        (await _server.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("version").GetInt32().ShouldBe(0, "a check puts nothing in force");
    }

    [Fact]
    public async Task A_trial_says_where_other_settings_would_have_fired_and_puts_nothing_in_force()
    {
        await FillAsync("flow", spikes: [4000, 5000]);

        var tried = await SendAsync(HttpMethod.Post, Trial("flow"), SpikeOnly, HttpStatusCode.OK);
        tried.GetProperty("count").GetInt64().ShouldBeGreaterThanOrEqualTo(2);
        tried.GetProperty("readings").GetInt64().ShouldBe(6000);
        var first = tried.GetProperty("hits")[0];
        (first.GetProperty("time").GetDateTimeOffset().ToUnixTimeMilliseconds() * 1000).ShouldBe(At(4000));
        (first.GetProperty("value").GetDouble(), first.GetProperty("detector").GetString()).ShouldBe((50, "iid-spike"));
        first.GetProperty("text").GetString()!.ShouldNotBeNullOrWhiteSpace();
        (await SendAsync(HttpMethod.Post, Trial("flow") + "&limit=1", SpikeOnly, HttpStatusCode.OK)).GetProperty("hits").GetArrayLength().ShouldBe(1);

        // Without a document: the settings in force, which are the default set.
        var inForce = await SendAsync(HttpMethod.Post, Trial("flow"), "", HttpStatusCode.OK);
        inForce.GetProperty("hits").EnumerateArray().Select(h => h.GetProperty("detector").GetString()).Distinct().ShouldBe(["typed"]);
        await SendAsync(HttpMethod.Put, "detectors", Quiet, HttpStatusCode.OK);
        (await SendAsync(HttpMethod.Post, Trial("flow"), "", HttpStatusCode.OK)).GetProperty("count").GetInt64().ShouldBe(0);
        (await _server.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("version").GetInt32().ShouldBe(1, "trials put nothing in force");
    }

    [Theory]
    [InlineData("from=now-100d", "92 days")]
    [InlineData("from=now-1h&warmUp=soon", "warmUp")]
    public async Task A_trial_over_too_much_is_refused(string query, string detail) =>
        (await SendAsync(HttpMethod.Post, $"devices/trial-01/sensors/flow/backtest?{query}", "", HttpStatusCode.BadRequest))
            .GetProperty("detail").GetString()!.ShouldContain(detail);

    [Fact]
    public async Task Without_a_log_it_is_said_that_settings_need_one()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, TimeProvider.System);

        (await server.Client.GetProblemAsync("/api/v1/detectors", 503)).GetProperty("detail").GetString()!.ShouldContain("without a log");
    }

    private string Trial(string sensor) => string.Create(
        CultureInfo.InvariantCulture,
        $"devices/trial-01/sensors/{sensor}/backtest?from={At(3000) / 1000}&to={At(6000) / 1000}&warmUp=24h");

    private long At(int second) => store.Start + (second * 1_000_000L);

    /// <summary>6,000 readings, one a second: noise of 0.2 around 20, and 50 where it spikes.</summary>
    private Task FillAsync(string sensor, int[] spikes) => store.InsertAsync(
        QueryStore.Rows(
            "trial-01",
            sensor,
            $"{At(0).ToString(CultureInfo.InvariantCulture)} + number * 1000000",
            6000,
            $"if(number IN ({string.Join(", ", spikes)}), 50., 20 + (sipHash64(number) % 1000) / 2500.)"),
        rollups: false);

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string body, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(method, new Uri("/api/v1/" + path, UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var response = await _server.Client.SendAsync(request, QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        response.StatusCode.ShouldBe(status, text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}
