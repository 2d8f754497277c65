using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Access;

/// <summary>What is changed is changed by who has signed in, whatever the request says; nobody is asked for the name a second time.</summary>
[Collection(EngineFixture.Collection)]
public sealed class AuthorTests(QueryStore store) : IClassFixture<QueryStore>
{
    [Theory]
    [InlineData("PUT", "alarms/rules", """{"rules": []}""")]
    [InlineData("PUT", "alarms/rules?by=mallory", """{"rules": []}""")]
    [InlineData("PUT", "catalogue/devices/press-07?by=mallory", """{"displayName": "Press 7"}""")]
    [InlineData("POST", "devices/press-07/commands", """{"name": "stop", "by": "mallory"}""")]
    public async Task Who_has_signed_in_is_the_author(string method, string path, string body)
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-author-").FullName;
        try
        {
            await using var log = JournalLog.Open(
                new JournalOptions { Directory = Path.Combine(folder, "journal") }, NullLoggerFactory.Instance, TimeProvider.System);
            await log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 1 }), DoorServer.Token);
            var options = DoorServer.Settings(folder);
            DoorServer.AddUser(options, "ann", UserRole.Administrator);
            await using var server = await DoorServer.StartAsync(options, store.ClickHouse, log: log);
            using var client = server.NewClient(server.NewToken(UserRole.Engineer));

            var answer = await SendAsync(client, method, path, body);

            answer.ShouldContain("\"by\":\"service\"");
            answer.ShouldNotContain("mallory");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Waits while the topics are being read.</summary>
    private static async Task<string> SendAsync(HttpClient client, string method, string path, string body)
    {
        while (true)
        {
            using var content = JsonContent.Create(JsonDocument.Parse(body).RootElement);
            using var request = new HttpRequestMessage(new HttpMethod(method), "api/v1/" + path) { Content = content };
            using var response = await client.SendAsync(request, DoorServer.Token);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(100, DoorServer.Token);
                continue;
            }

            var answer = await response.Content.ReadAsStringAsync(DoorServer.Token);
            response.IsSuccessStatusCode.ShouldBeTrue(answer);
            return answer;
        }
    }
}
