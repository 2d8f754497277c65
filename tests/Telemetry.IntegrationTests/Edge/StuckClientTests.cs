using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Telemetry.Edge;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Clients that read nothing any more: each has its end, and none holds up a stop.</summary>
public sealed class StuckClientTests
{
    public enum Carrier
    {
        Plain,
        Tls,
        WebSocket,
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly EdgeOptions Impatient = new()
    {
        LingerTime = TimeSpan.FromMilliseconds(300),
        DrainTimeout = TimeSpan.FromMilliseconds(300),
        SessionExpiryMax = TimeSpan.Zero,
    };

    [Theory]
    [InlineData(Carrier.Plain)]
    [InlineData(Carrier.Tls)]
    [InlineData(Carrier.WebSocket)]
    public async Task Client_that_stops_reading_and_half_closes_goes_away(Carrier carrier)
    {
        await using var stage = await Stage.StartAsync(carrier);
        await stage.FillAsync();
        stage.Broker.Broker.Connections.ShouldBe(1);
        stage.Socket.Shutdown(SocketShutdown.Send);
        await stage.Broker.UntilConnectionsAsync(0);
        stage.Broker.Broker.Sessions.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(Carrier.Plain)]
    [InlineData(Carrier.Tls)]
    [InlineData(Carrier.WebSocket)]
    public async Task Stop_ends_although_a_client_reads_nothing(Carrier carrier)
    {
        await using var stage = await Stage.StartAsync(carrier);
        await stage.FillAsync();
        await stage.Broker.Broker.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        stage.Broker.Broker.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Stop_ends_although_credentials_are_never_answered()
    {
        var options = Impatient with { ConnectTimeout = TimeSpan.FromHours(1), Listeners = [new MqttListenerOptions { Port = 0 }] };
        var never = new NeverAnswers();
        await using var broker = new Telemetry.Edge.Hosting.MqttBroker(
            options, null, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System, never);
        await broker.StartAsync(TestContext.Current.CancellationToken);
        await using var client = await RawClient.OpenAsync(broker.Endpoints[0]);
        await client.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { ClientId = "a", CleanStart = true }));
        await never.Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await broker.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    /// <summary>
    /// 512 filters, each of which walks the whole retained store and finds nothing in it: the walk is cut into slices and ends with its client.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_and_other_clients_do_not_wait_for_a_subscribe_of_512_wildcards(bool leaves)
    {
        const int Retained = 20_000;
        const int Filters = 512;
        await using var broker = await TestBroker.StartAsync(Impatient with { SessionExpiryMax = TimeSpan.Zero });
        for (var i = 0; i < Retained; i++)
        {
            await broker.Broker.PublishAsync($"a/b/c/d/{i}", "x"u8.ToArray(), retain: true);
        }

        var client = await broker.ConnectRawAsync("wide");
        await client.WriteAsync(o => ClientPackets.Subscribe(o, client.Version, new SubscribePacket
        {
            PacketIdentifier = 1,
            Requests = [.. Enumerable.Range(0, Filters).Select(i => new SubscriptionRequest($"+/+/+/+/+/{i}", MqttQos.AtMostOnce))],
        }));
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.SubAck);
        var visited = () => broker.Broker.RetainedVisits;
        await using (var other = await broker.ConnectRawAsync("other"))
        {
            await other.PingAsync();
        }

        if (leaves)
        {
            client.Cut();
            await broker.UntilConnectionsAsync(0);
            var after = visited();
            await using var other = await broker.ConnectRawAsync("other");
            await other.PingAsync();

            // A slice that was under way may end; no other one begins.
            (visited() - after).ShouldBeLessThan(Retained);
        }

        await broker.Broker.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        visited().ShouldBeLessThan((long)Retained * Filters / 2, "the stop waited for the walk");
        await client.DisposeAsync();
    }

    private sealed class NeverAnswers : IAuthenticator
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool RequiresCredentials => true;

        public Task Asked => _asked.Task;

        public async ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, credentials.UserName, null));
        }
    }

    /// <summary>A broker, and a client with a subscription that reads nothing behind its SUBACK.</summary>
    private sealed class Stage(TestBroker broker, RawClient client, Socket socket, WebApplication? web, TestAuthority? authority)
        : IAsyncDisposable
    {
        public TestBroker Broker { get; } = broker;

        public Socket Socket { get; } = socket;

        public static async Task<Stage> StartAsync(Carrier carrier)
        {
            var authority = carrier == Carrier.Tls ? new TestAuthority() : null;
            var tls = authority is null ? null : new MqttTlsOptions { CertificateFile = authority.ServerPem() };
            var broker = await TestBroker.StartAsync(Impatient with { Listeners = [new MqttListenerOptions { Port = 0, Tls = tls }] });
            var web = carrier == Carrier.WebSocket ? await WebSocketTests.WebAsync(broker.Broker) : null;
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
            var stream = carrier switch
            {
                Carrier.Plain => await PlainAsync(socket, broker.EndPoint),
                Carrier.Tls => await TlsAsync(socket, broker.EndPoint, authority!),
                _ => await WebAsync(socket, WebSocketTests.Address(web!)),
            };
            var client = RawClient.Over(stream);
            await client.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { ClientId = "stuck", CleanStart = true }));
            await client.ConnAckAsync();
            await client.SubscribeAsync("t");
            return new Stage(broker, client, socket, web, authority);
        }

        /// <summary>Until the client's socket is full, and its queue behind it.</summary>
        public async Task FillAsync()
        {
            var payload = new byte[100_000];
            using var limit = new CancellationTokenSource(Patience);
            while (Broker.Broker.Metrics.DroppedBy(DropCause.QueueFull) == 0)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Broker.Broker.PublishAsync("t", payload);
            }
        }

        public async ValueTask DisposeAsync()
        {
            Socket.Dispose();
            try
            {
                await client.DisposeAsync();
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or WebSocketException)
            {
                // Its socket is gone already.
                exception.ShouldNotBeNull();
            }

            if (web is not null)
            {
                await web.DisposeAsync();
            }

            await Broker.DisposeAsync();
            authority?.Dispose();
        }

        private static async Task<Stream> PlainAsync(Socket socket, EndPoint endpoint)
        {
            await socket.ConnectAsync(endpoint);
            return new NetworkStream(socket);
        }

        private static async Task<Stream> TlsAsync(Socket socket, EndPoint endpoint, TestAuthority authority)
        {
            var tls = new SslStream(await PlainAsync(socket, endpoint));
            var policy = new System.Security.Cryptography.X509Certificates.X509ChainPolicy
            {
                TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
                RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.Add(authority.Root);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", CertificateChainPolicy = policy });
            return tls;
        }

        private static async Task<Stream> WebAsync(Socket socket, Uri address)
        {
            var web = new ClientWebSocket();
            web.Options.AddSubProtocol("mqtt");
            using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
            {
                ConnectCallback = async (context, token) =>
                {
                    await socket.ConnectAsync(context.DnsEndPoint, token);
                    return new NetworkStream(socket);
                },
            });
            await web.ConnectAsync(address, invoker, TestContext.Current.CancellationToken);
            return WebSocketStream.Create(web, WebSocketMessageType.Binary);
        }
    }
}
