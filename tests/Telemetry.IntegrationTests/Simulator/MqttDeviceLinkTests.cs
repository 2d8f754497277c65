using System.Collections.Concurrent;
using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Simulator.Devices;
using Telemetry.Simulator.Options;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>A device's connection against mosquitto, a broker written by others.</summary>
public sealed class MqttDeviceLinkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Thousands_of_publishes_are_answered_exactly_once_within_the_receive_maximum(int qos)
    {
        await using var broker = await Mosquitto.StartAsync("max_inflight_messages 20\nmax_queued_messages 0");
        var owner = new Owner();
        await using var link = Link(broker, owner, new() { Qos = qos, MaxInFlight = 100, QueueMax = 100 });
        await link.ConnectAsync(Cancellation);
        const ulong Count = 3_000;
        for (var i = 0UL; i < Count; i++)
        {
            for (var start = link.TryPublish(new byte[100], i); start != PublishStart.Started; start = link.TryPublish(new byte[100], i))
            {
                start.ShouldBe(PublishStart.Full);

                // One more than is on the wire: an identifier is free before its answer is told.
                (owner.Started - owner.Answered).ShouldBeLessThanOrEqualTo(21);
                await owner.Progress.WaitAsync(Cancellation);
            }

            owner.Started++;
        }

        await owner.UntilAsync(o => o.Answered == (int)Count);
        owner.Answers.Values.ShouldAllBe(a => a.Count == 1 && a.Last.Outcome == PublishOutcome.Acknowledged);
        await link.DisconnectAsync();
        owner.Ends.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Publishes_under_way_when_the_broker_dies_are_told_lost_once_and_the_link_connects_again(int qos)
    {
        await using var broker = await Mosquitto.StartAsync();
        var owner = new Owner();
        await using var link = Link(broker, owner, new() { Qos = qos, MaxInFlight = 10 });
        await link.ConnectAsync(Cancellation);
        broker.Pause();
        for (var i = 0UL; i < 8; i++)
        {
            link.TryPublish("x"u8.ToArray(), i).ShouldBe(PublishStart.Started);
        }

        await broker.KillAsync();
        await owner.UntilAsync(o => !o.Ends.IsEmpty);
        owner.Answers.Count.ShouldBe(8);
        owner.Answers.Values.ShouldAllBe(a => a.Count == 1 && a.Last.Outcome == PublishOutcome.ConnectionLost);
        link.TryPublish("x"u8.ToArray(), 9).ShouldBe(PublishStart.NotConnected);

        await using var next = await Mosquitto.StartAsync(port: broker.Port);
        await link.ConnectAsync(Cancellation);
        link.TryPublish("x"u8.ToArray(), 10).ShouldBe(PublishStart.Started);
        await owner.UntilAsync(o => o.Answers.ContainsKey(10));
        owner.Answers[10].Last.Outcome.ShouldBe(PublishOutcome.Acknowledged);
    }

    [Fact]
    public async Task A_command_is_answered_and_acknowledged()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var link = Link(broker, new Owner());
        await link.ConnectAsync(Cancellation);
        await using var client = await TestClient.ConnectAsync(broker.Port, "operator");
        await client.SubscribeAsync("telemetry/v1/press/commands/+/answer");
        for (var i = 0; i < 30; i++)
        {
            await client.PublishAsync($"telemetry/v1/press/commands/{i}", "{}");
            var answer = await client.NextAsync();
            (answer.Topic, answer.ConvertPayloadToString()).ShouldBe(($"telemetry/v1/press/commands/{i}/answer", "{\"ok\":true}"));
        }
    }

    [Fact]
    public async Task A_broker_that_refuses_or_is_not_there_is_no_connection_and_says_why()
    {
        int port;
        await using (var broker = await Mosquitto.StartAsync("allow_anonymous false"))
        {
            port = broker.Port;
            await using var refused = Link(broker, new Owner());
            for (var i = 0; i < 2; i++)
            {
                (await Should.ThrowAsync<DeviceLinkException>(() => refused.ConnectAsync(Cancellation))).Message.ShouldContain("NotAuthorized");
            }
        }

        await using var link = Link(port, new Owner());
        (await Should.ThrowAsync<DeviceLinkException>(() => link.ConnectAsync(Cancellation))).Message.ShouldContain("refused");
        link.TryPublish("x"u8.ToArray(), 1).ShouldBe(PublishStart.NotConnected);
    }

    [Fact]
    public async Task A_silent_link_pings_and_a_broker_that_does_not_answer_is_left()
    {
        await using var broker = await Mosquitto.StartAsync("log_type debug");
        var owner = new Owner();
        await using var link = Link(broker, owner);
        await link.ConnectAsync(Cancellation);
        var now = 0L;
        for (var i = 0UL; i < 2; i++)
        {
            link.KeepAlive(now);
            link.KeepAlive(now += 45_000_000);
            await broker.WaitForAsync("Received PINGREQ");

            // The answer to a publish is read after the answer to the ping.
            link.TryPublish("x"u8.ToArray(), i).ShouldBe(PublishStart.Started);
            await owner.UntilAsync(o => o.Answers.ContainsKey(i));
        }

        broker.Pause();
        link.KeepAlive(now += 1_000_000);
        link.KeepAlive(now += 45_000_000);
        link.KeepAlive(now + 60_000_000);
        await owner.UntilAsync(o => !o.Ends.IsEmpty);
        owner.Ends.ShouldBe(["The broker did not answer PINGREQ."]);
        broker.Resume();
    }

    [Fact]
    public async Task A_publish_over_the_brokers_packet_size_is_told_at_once()
    {
        await using var broker = await Mosquitto.StartAsync("max_packet_size 1000");
        var owner = new Owner();
        await using var link = Link(broker, owner);
        await link.ConnectAsync(Cancellation);
        link.TryPublish(new byte[1000], 1).ShouldBe(PublishStart.TooLarge);
        link.TryPublish(new byte[900], 2).ShouldBe(PublishStart.Started);
        await owner.UntilAsync(o => o.Answers.ContainsKey(2));
    }

    [Fact]
    public async Task A_disconnect_from_the_broker_is_told_with_its_reason()
    {
        await using var broker = await Mosquitto.StartAsync();
        var owner = new Owner();
        await using var link = Link(broker, owner, new() { Topic = "not/a/name/#" });
        await link.ConnectAsync(Cancellation);
        link.TryPublish("x"u8.ToArray(), 1).ShouldBe(PublishStart.Started);
        await owner.UntilAsync(o => !o.Ends.IsEmpty);
        owner.Ends.ShouldHaveSingleItem().ShouldContain(nameof(MqttDisconnectReasonCode.ProtocolError));
    }

    /// <summary>What counts as acknowledged is what the ledger proves a broker by, so a wrong answer must not.</summary>
    [Theory]
    [InlineData(1, "70020001", "PUBCOMP at QoS 1")]
    [InlineData(1, "5003000180", "PUBREC that refuses, at QoS 1")]
    [InlineData(1, "50020001", "PUBREC at QoS 1")]
    [InlineData(1, "40020002", "PUBACK of what was not sent")]
    [InlineData(2, "40020001", "PUBACK at QoS 2")]
    [InlineData(2, "70020001", "PUBCOMP before PUBREC")]
    [InlineData(2, "500200017003000180", "PUBCOMP with an error")]
    public async Task A_broker_that_answers_out_of_turn_is_left_and_nothing_counts_as_acknowledged(int qos, string answer, string what)
    {
        await using var server = new LoopbackServer(async (client, token) =>
        {
            var stream = client.GetStream();
            var buffer = new byte[4096];
            (await stream.ReadAsync(buffer, token)).ShouldBeGreaterThan(0);
            await stream.WriteAsync(Convert.FromHexString("2003000000"), token);
            (await stream.ReadAsync(buffer, token)).ShouldBeGreaterThan(0);
            await stream.WriteAsync(Convert.FromHexString("9004FFFF0000"), token);
            (await stream.ReadAsync(buffer, token)).ShouldBeGreaterThan(0);
            await stream.WriteAsync(Convert.FromHexString(answer), token);
            while (await stream.ReadAsync(buffer, token) > 0)
            {
                // Until the device leaves.
            }
        });
        var owner = new Owner();
        await using var link = Link(server.EndPoint.Port, owner, new() { Qos = qos });
        await link.ConnectAsync(Cancellation);
        link.TryPublish("x"u8.ToArray(), 5).ShouldBe(PublishStart.Started);
        await owner.UntilAsync(o => !o.Ends.IsEmpty);
        owner.Ends.ShouldHaveSingleItem().ShouldStartWith("The broker ", Case.Sensitive, what);
        owner.Answers[5].ShouldBe((1, new PublishResult(PublishOutcome.ConnectionLost, 0)), what);
        link.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task A_broker_that_reads_nothing_does_not_hold_up_the_end()
    {
        await using var server = new LoopbackServer(async (client, token) =>
        {
            client.ReceiveBufferSize = 4096;
            var stream = client.GetStream();
            (await stream.ReadAsync(new byte[4096], token)).ShouldBeGreaterThan(0);
            await stream.WriteAsync(Convert.FromHexString("2003000000"), token);
            (await stream.ReadAsync(new byte[4096], token)).ShouldBeGreaterThan(0);
            await stream.WriteAsync(Convert.FromHexString("9004FFFF0000"), token);
            await Task.Delay(Timeout.Infinite, token);
        });
        var owner = new Owner();
        await using var link = Link(server.EndPoint.Port, owner, new() { MaxInFlight = 60 });
        await link.ConnectAsync(Cancellation);

        // More than the socket's buffers hold.
        for (var i = 0UL; i < 60; i++)
        {
            link.TryPublish(new byte[1_000_000], i).ShouldBe(PublishStart.Started);
        }

        await link.DisconnectAsync().WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        owner.Answers.Count.ShouldBe(60);
        owner.Answers.Values.ShouldAllBe(a => a.Count == 1 && a.Last.Outcome == PublishOutcome.ConnectionLost);
    }

    [Fact]
    public async Task A_refused_connection_is_told_as_such_also_while_the_run_ends()
    {
        await using var link = Link(FreePorts.Find(), new Owner());
        using var end = new CancellationTokenSource();
        for (var i = 0; i < 200; i++)
        {
            var connecting = link.ConnectAsync(end.Token);
            if (i == 199)
            {
                await end.CancelAsync();
            }

            (await Record.ExceptionAsync(() => connecting)).ShouldBeAssignableTo<Exception>()
                .ShouldSatisfyAllConditions(e => (e is DeviceLinkException or OperationCanceledException).ShouldBeTrue(e.ToString()));
        }
    }

    private static MqttDeviceLink Link(Mosquitto broker, Owner owner, SimulatorOptions? options = null) => Link(broker.Port, owner, options);

    private static MqttDeviceLink Link(int port, Owner owner, SimulatorOptions? options = null) =>
        new((options ?? new()) with { Port = port, CatalogueTopic = "" }, tls: null, "press", owner);

    /// <summary>Counts answers by publish.</summary>
    private sealed class Owner : IDeviceLinkOwner
    {
        private int _answered;

        public int Started { get; set; }

        public int Answered => Volatile.Read(ref _answered);

        public ConcurrentDictionary<ulong, (int Count, PublishResult Last)> Answers { get; } = new();

        public ConcurrentQueue<string> Ends { get; } = new();

        /// <summary>Released by everything that is told.</summary>
        public SemaphoreSlim Progress { get; } = new(0);

        public void Published(in PublishResult result, ulong state)
        {
            var last = result;
            Answers.AddOrUpdate(state, (1, last), (_, old) => (old.Count + 1, last));
            Interlocked.Increment(ref _answered);
            Progress.Release();
        }

        public void Disconnected(string reason)
        {
            Ends.Enqueue(reason);
            Progress.Release();
        }

        public async Task UntilAsync(Func<Owner, bool> condition)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            deadline.CancelAfter(TimeSpan.FromSeconds(30));
            while (!condition(this))
            {
                await Progress.WaitAsync(deadline.Token);
            }
        }
    }
}
