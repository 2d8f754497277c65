using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Access;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>Two processes of the API over a real cluster: who signs in at one is known at the other, and the audit log is one, also after kill -9.</summary>
[Collection("processes over Kafka")]
public sealed class SharedDoorKafkaTests : KafkaProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_and_the_audit_log_are_those_of_all_processes_and_outlive_them()
    {
        var options = DoorServer.Settings(Data);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        var (store, a, b) = (FreePorts.Find(), FreePorts.Find(), FreePorts.Find());
        await using var engine = TelemetryProcess.Start(
            "clickhouse", "--data", Path.Combine(Data, "engine"), "--clickhouse-http", $"{store}");
        await engine.WaitForPortAsync(store);
        await using var first = Query("a", store, a);
        await using var second = Query("b", store, b);
        await ReadyAsync(first, a);
        await ReadyAsync(second, b);
        using var browser = new DoorServer.Browser(Address(a));
        (await browser.SignInAsync("ann")).StatusCode.ShouldBe(HttpStatusCode.Redirect);

        // The very next request comes to the other process.
        (await UserAsync(browser, b)).ShouldBe("ann");
        await browser.UseAntiforgeryAsync();
        (await PutAsync(browser, a, "from a")).ShouldBe(HttpStatusCode.Created);
        (await PutAsync(browser, b, "from b")).ShouldBe(HttpStatusCode.Created, "the antiforgery token of one is good at the other");

        first.Kill();
        await first.WaitAsync();
        (await UserAsync(browser, b)).ShouldBe("ann");
        await using var again = Query("a", store, a);
        await ReadyAsync(again, a);
        (await UserAsync(browser, a)).ShouldBe("ann", "the process has gone, the session has not");
        foreach (var port in (int[])[a, b])
        {
            var entries = await AuditAsync(browser, port, found =>
                Acts(found, "a") > 0 && Acts(found, "b") > 0 && found.Any(e => Says(e, "signed in: ")));
            entries.Select(e => e.GetProperty("time").GetDateTimeOffset()).ShouldBeInOrder(SortDirection.Descending);
        }

        // Signing out at one ends it at the other, whatever the cookie.
        var thief = new CookieContainer();
        thief.Add(browser.Cookies.GetCookies(Address(a)));
        (await browser.Http.PostAsync(new Uri(Address(b), "signout"), null, Cancel)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var handler = new SocketsHttpHandler { CookieContainer = thief, AllowAutoRedirect = false };
        using var stolen = new HttpClient(handler);
        await WaitAsync(async () => (await stolen.GetAsync(new Uri(Address(a), "api/v1/session"), Cancel)).StatusCode == HttpStatusCode.Unauthorized, "the session goes on at the first process");
    }

    private static int Acts(IEnumerable<JsonElement> entries, string process) => entries.Count(e =>
        e.GetProperty("properties").GetProperty("Process").GetString() == process
        && Says(e, "act: "));

    private static bool Says(JsonElement entry, string what) =>
        entry.GetProperty("text").GetString()!.StartsWith(what, StringComparison.Ordinal) && entry.GetProperty("properties").GetProperty("UserName").GetString() == "ann";

    private static Uri Address(int port) => new($"http://127.0.0.1:{port}/");

    private static async Task<string?> UserAsync(DoorServer.Browser browser, int port)
    {
        var answer = await browser.Http.GetAsync(new Uri(Address(port), "api/v1/session"), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("user").GetString();
    }

    private static async Task<HttpStatusCode> PutAsync(DoorServer.Browser browser, int port, string label)
    {
        using var answer = await browser.Http.PostAsJsonAsync(new Uri(Address(port), "api/v1/tokens"), new { label, role = "viewer" }, Cancel);
        return answer.StatusCode;
    }

    private static async Task<List<JsonElement>> AuditAsync(DoorServer.Browser browser, int port, Func<List<JsonElement>, bool> wanted)
    {
        List<JsonElement> entries = [];
        await WaitAsync(
            async () =>
            {
                var answer = await browser.Http.GetFromJsonAsync<JsonElement>(new Uri(Address(port), "api/v1/audit?limit=1000"), Cancel);
                entries = [.. answer.GetProperty("entries").EnumerateArray()];
                return wanted(entries);
            },
            "the audit log has not the acts of both");
        return entries;
    }

    private TelemetryProcess Query(string name, int store, int port) => TelemetryProcess.Start(
        "query", "--kafka", Kafka.BootstrapServers, "--clickhouse", $"http://127.0.0.1:{store}", "--instance", name, "--data", Path.Combine(Data, name),
        "--http-port", $"{port}", "--set", $"Edge:UsersFile={Path.Combine(Data, "users")}");

    private static async Task ReadyAsync(TelemetryProcess process, int port)
    {
        await process.WaitForPortAsync(port);
        using var client = new HttpClient();
        await WaitAsync(
            async () =>
            {
                process.HasExited.ShouldBeFalse(process.Errors);
                using var answer = await client.GetAsync(new Uri(Address(port), "readyz"), Cancel);
                return answer.IsSuccessStatusCode;
            },
            "the process is not ready");
    }
}
