using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MQTTnet;
using MQTTnet.Exceptions;
using Telemetry.Edge;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Users, rules, certificates and revocation lists change while connections stay.</summary>
public sealed class ReloadTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-reload-");
    private readonly LogEntries _log = new();

    private string Users => Path.Combine(_folder.FullName, "users");

    private string Rules => Path.Combine(_folder.FullName, "rules");

    public void Dispose()
    {
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Added_user_comes_in_and_removed_one_is_put_out_while_others_stay()
    {
        SetUser("ann");
        SetUser("bob");
        await using var broker = await StartAsync(new EdgeOptions { UsersFile = Users });
        await using var ann = await broker.ConnectAsync("ann", As("ann"));
        await using var bob = await broker.ConnectAsync("bob", As("bob"));
        SetUser("eve");
        UsersFile.Remove(Users, "bob").ShouldBeTrue();
        await bob.ShouldBeClosedAsync(MqttClientDisconnectReason.AdministrativeAction);
        (await TestClient.TryConnectAsync(broker.Port, "bob", As("bob"))).Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);
        await using var eve = await broker.ConnectAsync("eve", As("eve"));
        await ann.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Changed_password_counts_at_the_next_connect()
    {
        SetUser("ann");
        await using var broker = await StartAsync(new EdgeOptions { UsersFile = Users });
        await using var ann = await broker.ConnectAsync("ann", As("ann"));
        SetUser("ann", "new");
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Loaded) > 0);
        // The old one was verified before, and is remembered no longer.
        (await TestClient.TryConnectAsync(broker.Port, "ann", As("ann"))).Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);
        await using var again = await broker.ConnectAsync("other", As("ann", "new"));
        await ann.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task File_that_cannot_be_used_changes_nothing_and_is_told()
    {
        SetUser("ann");
        await File.WriteAllTextAsync(Rules, "deny publish everyone locked\n", TestContext.Current.CancellationToken);
        await using var broker = await StartAsync(new EdgeOptions { UsersFile = Users, RulesFile = Rules });
        await using var ann = await broker.ConnectAsync("ann", As("ann"));
        await File.WriteAllTextAsync(Users, "ann:\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Rules, "deny everything\n", TestContext.Current.CancellationToken);
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Failed) >= 2);
        _log.All.Where(e => e.Id == 1101).Select(e => e.Text).ShouldContain(t => t.Contains("users") && t.Contains("line 1") && t.Contains("empty"));
        await using var again = await broker.ConnectAsync("again", As("ann"));
        (await ann.PublishAsync("locked", "x")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);
        File.Delete(Users);
        SetUser("ann");
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Loaded) > 0);
        await ann.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task New_rules_count_for_open_connections_and_their_subscriptions()
    {
        await File.WriteAllTextAsync(Rules, "allow all everyone #\n", TestContext.Current.CancellationToken);
        await using var broker = await StartAsync(new EdgeOptions { RulesFile = Rules });
        await using var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("#");
        (await client.PublishAsync("a", "1")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
        (await client.NextAsync()).Topic.ShouldBe("a");
        await File.WriteAllTextAsync(Rules, "allow all everyone b\n", TestContext.Current.CancellationToken);
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Loaded) > 0);
        (await client.PublishAsync("a", "2")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);
        await broker.Broker.PublishAsync("a", "3"u8.ToArray());
        await broker.Broker.PublishAsync("b", "4"u8.ToArray());
        (await client.NextAsync()).Topic.ShouldBe("b");
        await client.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task New_server_certificate_is_shown_to_new_connections_and_drops_none()
    {
        using var authority = new TestAuthority();
        await using var broker = await StartAsync(new EdgeOptions
        {
            Listeners = [new MqttListenerOptions { Port = 0, Tls = new MqttTlsOptions { CertificateFile = authority.ServerPem() } }],
        });
        await using var client = await broker.ConnectAsync("c", o => TlsTests.Use(o, authority, null));
        var before = await SerialAsync(broker);
        authority.ServerPem();
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Loaded) > 0);
        (await SerialAsync(broker)).ShouldNotBe(before);
        await client.ShouldBeQuietAsync();
        // Half a certificate: the one before goes on.
        await File.WriteAllTextAsync(authority.ServerFile, "-----BEGIN CERTIFICATE-----\nAAAA\n", TestContext.Current.CancellationToken);
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Failed) > 0);
        await SerialAsync(broker);
    }

    [Fact]
    public async Task Certificate_that_is_taken_back_ends_its_connection_and_gets_no_other()
    {
        using var authority = new TestAuthority();
        using var good = authority.Client("pump-7");
        using var stolen = authority.Client("pump-8");
        await using var broker = await StartAsync(new EdgeOptions
        {
            Listeners = [new MqttListenerOptions { Port = 0, Tls = TlsTests.Required(authority) with { RevocationListFile = authority.RevocationList() } }],
        });
        await using var pump7 = await broker.ConnectAsync("7", o => TlsTests.Use(o, authority, good));
        await using var pump8 = await broker.ConnectAsync("8", o => TlsTests.Use(o, authority, stolen));
        authority.RevocationList(stolen);
        await pump8.ShouldBeClosedAsync(MqttClientDisconnectReason.AdministrativeAction);
        await Should.ThrowAsync<MqttCommunicationException>(() => broker.ConnectAsync("9", o => TlsTests.Use(o, authority, stolen)));
        await UntilAsync(() => _log.All.Any(e => e.Id == 1010 && e.Text.Contains("Revoked")));
        await pump7.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task List_that_another_authority_signed_is_refused_at_start()
    {
        using var authority = new TestAuthority();
        using var strange = new TestAuthority();
        var error = await Should.ThrowAsync<EdgeConfigurationException>(() => StartAsync(new EdgeOptions
        {
            Listeners = [new MqttListenerOptions { Port = 0, Tls = TlsTests.Required(authority) with { RevocationListFile = strange.RevocationList() } }],
        }));
        error.Message.ShouldContain("signed by none of the authorities");
    }

    [Fact]
    public async Task Reload_that_is_asked_for_reads_what_nobody_watches()
    {
        SetUser("ann");
        await using var broker = await StartAsync(new EdgeOptions { UsersFile = Users }, TimeSpan.Zero);
        SetUser("bob");
        broker.Broker.Reload();
        await UntilAsync(() => broker.Broker.Security.Metrics.Of(ReloadResult.Loaded) > 0);
        await using var bob = await broker.ConnectAsync("bob", As("bob"));
    }

    private static Action<MqttClientOptions> As(string user, string? password = null) => options =>
        options.Credentials = new MqttClientCredentials(user, System.Text.Encoding.UTF8.GetBytes(password ?? user));

    private static async Task<string> SerialAsync(TestBroker broker)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync((IPEndPoint)broker.EndPoint, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(Soon, timeout.Token);
        }
    }

    private void SetUser(string name, string? password = null) =>
        UsersFile.Set(Users, name, PasswordHash.Create(System.Text.Encoding.UTF8.GetBytes(password ?? name), 1_000));

    private Task<TestBroker> StartAsync(EdgeOptions options, TimeSpan? interval = null) =>
        TestBroker.StartAsync(options with { ReloadInterval = interval ?? Soon }, loggers: _log);
}
