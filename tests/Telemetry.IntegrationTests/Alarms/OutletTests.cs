using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Alarms;
using Telemetry.Alarms.Outlets;
using Telemetry.Alarms.Setup;
using Telemetry.Alarms.Streaming;
using Telemetry.Alarms.Streaming.V1;
using Telemetry.Bridge.Alarms;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing;
using Telemetry.Testing.Servers;

namespace Telemetry.IntegrationTests.Alarms;

/// <summary>What goes out: to a real Alertmanager, a webhook, MQTT and gRPC; over a journal that outlives the role.</summary>
[Collection("processes")]
public sealed class OutletTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-outlets-");
    private JournalLog _log = null!;
    private IRecordProducer _producer = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 2 }), Token);
        _producer = _log.CreateProducer(new ProducerOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Alertmanager_groups_and_silences_alarms_gets_those_raised_while_it_was_away_and_is_told_their_end()
    {
        if (TestServers.Alertmanager.Origin() != ServerOrigin.Process)
        {
            Assert.Skip(TestServers.Alertmanager.MissingReason() ?? "a process of our own is needed");
        }

        var port = FreePorts.Find();
        var options = new AlarmsOptions
        {
            Alertmanager = new AlertmanagerOptions { Urls = [$"http://127.0.0.1:{port}"], ResendInterval = TimeSpan.FromSeconds(2), ConsoleUrl = "http://console.test" },
        };
        await using var role = await StartAsync(options);
        Raise("press-07", "oil-hot");
        Raise("press-07", "too-fast");
        Raise("press-08", "oil-hot");
        await Task.Delay(1000, Token); // Away: nothing listens there yet.
        await using var server = await AlertmanagerServer.StartAsync(port, Token);
        using var client = new HttpClient { BaseAddress = server.Url };

        await UntilAsync(async () => (await GetAsync(client, "api/v2/alerts?active=true")).GetArrayLength() == 3);
        var alert = (await GetAsync(client, "api/v2/alerts?filter=alertname%3D%22too-fast%22"))[0];
        (alert.GetProperty("labels").GetProperty("device").GetString(), alert.GetProperty("labels").GetProperty("priority").GetString(),
            alert.GetProperty("annotations").GetProperty("summary").GetString(), alert.GetProperty("generatorURL").GetString())
            .ShouldBe(("press-07", "high", "oil 91.5, above 90", $"http://console.test/#/alarms/{AlarmId.Of("press-07", "oil", "too-fast")}"));

        // One group for each device.
        await UntilAsync(async () =>
        {
            var groups = (await GetAsync(client, "api/v2/alerts/groups")).EnumerateArray().ToDictionary(g => g.GetProperty("labels").GetProperty("device").GetString()!, g => g.GetProperty("alerts").GetArrayLength());
            return groups.GetValueOrDefault("press-07") == 2 && groups.GetValueOrDefault("press-08") == 1;
        });

        var silence = JsonSerializer.Serialize(new
        {
            matchers = new[] { new { name = "device", value = "press-07", isRegex = false, isEqual = true } },
            startsAt = DateTimeOffset.UtcNow.AddSeconds(-1), endsAt = DateTimeOffset.UtcNow.AddHours(1), createdBy = "ann", comment = "maintenance",
        });
        using var answer = await client.PostAsync(new Uri("api/v2/silences", UriKind.Relative), new StringContent(silence, Encoding.UTF8, "application/json"), Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilAsync(async () => (await GetAsync(client, "api/v2/alerts?silenced=false&active=true")).GetArrayLength() == 1
            && (await GetAsync(client, "api/v2/alerts?silenced=true&active=false")).GetArrayLength() == 2);

        // Acknowledged is no other alert; over is its end.
        Do("press-08", "oil-hot", AlarmAction.Acknowledge);
        await UntilAsync(async () => (await GetAsync(client, "api/v2/alerts?filter=device%3D%22press-08%22"))[0].GetProperty("annotations").TryGetProperty("acknowledged_by", out var by) && by.GetString() == "ann");
        Clear("press-08", "oil-hot");
        await UntilAsync(async () => (await GetAsync(client, "api/v2/alerts?filter=device%3D%22press-08%22")).GetArrayLength() == 0);
    }

    [Fact]
    public async Task A_webhook_that_is_away_gets_each_change_signed_in_order_under_one_id_and_after_a_restart_too()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = 503;
        var secret = Path.Combine(_folder.FullName, "secret");
        await File.WriteAllTextAsync(secret, "whsec_" + Convert.ToBase64String("a secret of the webhook"u8) + "\n", Token);
        var options = new AlarmsOptions
        {
            Webhook = new WebhookOptions { Url = receiver.Url, SecretFile = secret, RetryDelay = TimeSpan.FromMilliseconds(50), RetryDelayMax = TimeSpan.FromMilliseconds(200) },
        };
        await using (await StartAsync(options))
        {
            Raise("press-07", "oil-hot");
            Clear("press-07", "oil-hot");
            await UntilAsync(() => Task.FromResult(receiver.Requests.Count >= 3));
        }

        receiver.Answer = 200;
        await using var role = await StartAsync(options);
        await UntilAsync(() => Task.FromResult(receiver.Taken.Count >= 2));

        var events = receiver.Taken.Take(2).Select(r => JsonDocument.Parse(r.Body).RootElement).ToList();
        events.Select(e => e.GetProperty("type").GetString()).ShouldBe(["telemetry.alarm.raised", "telemetry.alarm.cleared"]);
        events.Select(e => e.GetProperty("specversion").GetString()).ShouldAllBe(v => v == "1.0");
        events[0].GetProperty("subject").GetString().ShouldBe("press-07/oil/oil-hot");
        events[0].GetProperty("data").GetProperty("alarm").GetProperty("status").GetString().ShouldBe("unacknowledged-active");
        receiver.Requests.First().Id.ShouldBe(receiver.Taken.First().Id);
        receiver.Requests.ShouldAllBe(r => r.ContentType.StartsWith("application/cloudevents+json", StringComparison.Ordinal));
        foreach (var request in receiver.Taken)
        {
            request.Id.ShouldBe(JsonDocument.Parse(request.Body).RootElement.GetProperty("id").GetString());
            request.Signature.ShouldBe(WebhookSignature.Of("a secret of the webhook"u8.ToArray(), request.Id, request.Timestamp, Encoding.UTF8.GetBytes(request.Body)));
        }
    }

    /// <summary>The vector of the specification's own library.</summary>
    [Fact]
    public void Signatures_are_those_of_Standard_Webhooks() => WebhookSignature.Of(
        WebhookSignature.Key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8)
        .ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Fact]
    public async Task What_a_webhook_refuses_is_a_dead_letter_and_the_next_change_is_delivered()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = 422;
        await using var role = await StartAsync(new AlarmsOptions { Webhook = new WebhookOptions { Url = receiver.Url } });
        Raise("press-07", "oil-hot");
        await UntilAsync(() => Task.FromResult(!receiver.Requests.IsEmpty));
        receiver.Answer = 200;
        Clear("press-07", "oil-hot");
        await UntilAsync(() => Task.FromResult(!receiver.Taken.IsEmpty));

        JsonDocument.Parse(receiver.Taken.First().Body).RootElement.GetProperty("type").GetString().ShouldBe("telemetry.alarm.cleared");
        var letters = await ReadAsync(LogTopics.DeadLetters, DeadLetter.Parser);
        letters.ShouldHaveSingleItem().Cause.ShouldBe("webhook-refused");
        receiver.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Alarms_of_a_device_are_retained_on_its_topic_and_go_when_none_stands()
    {
        var channel = new Channel();
        await using var role = await StartAsync(new AlarmsOptions());
        await using (var topics = new AlarmTopics(_log, channel, TimeProvider.System, NullLogger<AlarmTopics>.Instance))
        {
            topics.Start();
            Raise("press-07", "oil-hot");
            await UntilAsync(() => Task.FromResult(channel.Alarms("press-07").SequenceEqual(["oil-hot unacknowledged-active"])));
            Do("press-07", "oil-hot", AlarmAction.Acknowledge);
            await UntilAsync(() => Task.FromResult(channel.Alarms("press-07").SequenceEqual(["oil-hot acknowledged-active"])));
        }

        // While no edge runs it is over and another one begins; who comes next knows what was published.
        Clear("press-07", "oil-hot");
        Raise("press-08", "oil-hot");
        await using var next = new AlarmTopics(_log, channel, TimeProvider.System, NullLogger<AlarmTopics>.Instance);
        next.Start();
        await UntilAsync(() => Task.FromResult(channel.Retained("press-07") is { Length: 0 } && channel.Alarms("press-08").Count == 1));
    }

    [Fact]
    public async Task A_grpc_stream_gives_what_its_filter_wants_of_alarms_incidents_and_readings()
    {
        await using var role = await StartAsync(new AlarmsOptions());
        await using var server = await GrpcServer.StartAsync(role.Role);
        var client = new TelemetryStream.TelemetryStreamClient(server.Channel);
        using var alarms = client.WatchAlarms(new WatchAlarmsRequest { Devices = { "press-*" }, PriorityMin = AlarmPriority.High, Kinds = { "threshold" } }, cancellationToken: Token);
        using var incidents = client.WatchIncidents(new WatchIncidentsRequest { Kinds = { "level-shift" } }, cancellationToken: Token);
        using var readings = client.WatchReadings(new WatchReadingsRequest { Sensors = { "oil" } }, cancellationToken: Token);
        await Task.WhenAll(alarms.ResponseHeadersAsync, incidents.ResponseHeadersAsync, readings.ResponseHeadersAsync);

        Raise("pump-1", "oil-hot");
        Raise("press-06", "oil-hot", AlarmPriority.Low);
        Raise("press-07", "oil-hot");
        (await alarms.ResponseStream.MoveNext(Token)).ShouldBeTrue();
        alarms.ResponseStream.Current.Change.Alarm.Device.ShouldBe("press-07");

        Append(LogTopics.Incidents, "press-07", FramedMessage.Write(new Incident { Id = "a", Device = "press-07", Kind = IncidentKind.Spike }, SchemaIds.Incident));
        Append(LogTopics.Incidents, "press-07", FramedMessage.Write(new Incident { Id = "b", Device = "press-07", Kind = IncidentKind.LevelShift }, SchemaIds.Incident));
        (await incidents.ResponseStream.MoveNext(Token)).ShouldBeTrue();
        incidents.ResponseStream.Current.Incident.Id.ShouldBe("b");

        Append(LogTopics.Readings, "press-07", Reading("press-07", ("water", 1), ("oil", 91.5)));
        (await readings.ResponseStream.MoveNext(Token)).ShouldBeTrue();
        var reading = readings.ResponseStream.Current.Readings.ShouldHaveSingleItem();
        (reading.Device, reading.Sensor, reading.Value).ShouldBe(("press-07", "oil", 91.5));

        await UntilAsync(async () => (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Token)).Status
            == HealthCheckResponse.Types.ServingStatus.Serving);
        using var reflection = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo(cancellationToken: Token);
        await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Token);
        (await reflection.ResponseStream.MoveNext(Token)).ShouldBeTrue();
        reflection.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).ShouldContain("telemetry.stream.v1.TelemetryStream");
    }

    [Fact]
    public async Task A_grpc_client_that_is_too_slow_is_ended_with_a_status_and_others_go_on()
    {
        await using var role = await StartAsync(new AlarmsOptions { Grpc = new GrpcStreamOptions { BacklogBytesMax = 64 * 1024 } });
        await using var server = await GrpcServer.StartAsync(role.Role);
        var client = new TelemetryStream.TelemetryStreamClient(server.Channel);
        using var slow = client.WatchReadings(new WatchReadingsRequest(), cancellationToken: Token);
        await slow.ResponseHeadersAsync;
        var readings = Enumerable.Range(0, 200).Select(i => ($"sensor-{i}", (double)i)).ToArray();

        // It does not read: what waits fills the connection's windows and then its backlog.
        for (var i = 0; i < 300; i++)
        {
            while (!TryAppend(LogTopics.Readings, "press-07", Reading("press-07", readings)))
            {
                await _producer.WaitForCapacityAsync(Token);
            }
        }

        using var other = client.WatchAlarms(new WatchAlarmsRequest(), cancellationToken: Token);
        await other.ResponseHeadersAsync;
        Raise("press-07", "oil-hot");
        (await other.ResponseStream.MoveNext(Token)).ShouldBeTrue();

        var error = await Should.ThrowAsync<RpcException>(async () =>
        {
            while (await slow.ResponseStream.MoveNext(Token))
            {
                slow.ResponseStream.Current.Readings.Count.ShouldBeGreaterThan(0);
            }
        });
        error.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
    }

    private async Task<RunningRole> StartAsync(AlarmsOptions options)
    {
        var role = new AlarmsRole(_log, options, NullLoggerFactory.Instance, TimeProvider.System);
        await role.StartAsync(Token);
        return new RunningRole(role);
    }

    private void Raise(string device, string source, AlarmPriority priority = AlarmPriority.High) => Condition(device, source, true, priority);

    private void Clear(string device, string source) => Condition(device, source, false, AlarmPriority.High);

    private void Condition(string device, string source, bool active, AlarmPriority priority) => Append(LogTopics.AlarmInputs, device, new AlarmInput
    {
        Condition = new AlarmCondition
        {
            Device = device, Sensor = "oil", Source = source, Kind = "threshold", Active = active, Priority = priority, Text = "oil 91.5, above 90", Value = 91.5,
        },
    }.ToByteArray());

    private void Do(string device, string source, AlarmAction action) => Append(LogTopics.AlarmInputs, device, new AlarmInput
    {
        Command = new AlarmCommand { CommandId = Guid.NewGuid().ToString("N"), AlarmId = AlarmId.Of(device, "oil", source), Device = device, Action = action, By = "ann" },
    }.ToByteArray());

    private void Append(string topic, string key, byte[] value) => TryAppend(topic, key, value).ShouldBeTrue();

    private bool TryAppend(string topic, string key, byte[] value) => _producer.TryAppend(
        new NewRecord { Topic = topic, Key = Encoding.ASCII.GetBytes(key), Value = value, TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() }, null, 0);

    private static byte[] Reading(string device, params (string Sensor, double Value)[] readings)
    {
        var batch = new ReadingBatch { Device = device, BootId = 1, FirstSequence = 1, BaseTimeUs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000 };
        foreach (var (sensor, value) in readings)
        {
            batch.SensorIndexes.Add((uint)batch.Sensors.Count);
            batch.Sensors.Add(sensor);
            batch.Values.Add(value);
        }

        return FramedMessage.Write(batch, SchemaIds.ReadingBatch);
    }

    private async Task<List<T>> ReadAsync<T>(string topic, MessageParser<T> parser)
        where T : IMessage<T>
    {
        var values = new List<T>();
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var ends = await _log.AssignSinceAsync(consumer, [topic], DateTimeOffset.UnixEpoch, Token);
        while (ends.Any(e => consumer.Position(e.Key) < e.Value))
        {
            foreach (var record in await consumer.PollAsync(100, TimeSpan.FromMilliseconds(50), Token))
            {
                ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                values.Add(parser.ParseFrom(message.Span));
            }
        }

        return values;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonDocument.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative), Token)).RootElement;

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private sealed class RunningRole(AlarmsRole role) : IAsyncDisposable
    {
        public AlarmsRole Role => role;

        public async ValueTask DisposeAsync()
        {
            await role.StopAsync(CancellationToken.None);
            await role.DisposeAsync();
        }
    }

    /// <summary>What a broker would retain.</summary>
    private sealed class Channel : IAlarmChannel
    {
        private readonly ConcurrentDictionary<string, byte[]> _retained = new();

        public ValueTask PublishRetainedAsync(string topic, ReadOnlyMemory<byte> payload)
        {
            _retained[topic] = payload.ToArray();
            return ValueTask.CompletedTask;
        }

        public byte[]? Retained(string device) => _retained.GetValueOrDefault(AlarmTopics.TopicOf(device));

        public List<string> Alarms(string device) => Retained(device) is { Length: > 0 } payload
            ? [.. JsonDocument.Parse(payload).RootElement.GetProperty("alarms").EnumerateArray().Select(a => $"{a.GetProperty("source")} {a.GetProperty("status")}")]
            : [];
    }

    private sealed record Request(string Id, long Timestamp, string? Signature, string ContentType, string Body);

    /// <summary>A webhook's receiver.</summary>
    private sealed class Receiver(WebApplication application) : IAsyncDisposable
    {
        public int Answer { get; set; } = 200;

        public string Url => application.Urls.Single() + "/hook";

        public ConcurrentQueue<Request> Requests { get; } = new();

        /// <summary>Those answered with 200.</summary>
        public ConcurrentQueue<Request> Taken { get; } = new();

        public static async Task<Receiver> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var receiver = new Receiver(builder.Build());
            receiver.Map();
            await receiver.StartServerAsync();
            return receiver;
        }

        public ValueTask DisposeAsync() => application.DisposeAsync();

        private void Map() => application.MapPost("/hook", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var headers = context.Request.Headers;
            var request = new Request(
                headers["webhook-id"].ToString(), long.Parse(headers["webhook-timestamp"].ToString(), System.Globalization.CultureInfo.InvariantCulture),
                headers["webhook-signature"].ToString(), context.Request.ContentType ?? "", await reader.ReadToEndAsync());
            var answer = Answer;
            Requests.Enqueue(request);
            if (answer == 200)
            {
                Taken.Enqueue(request);
            }

            context.Response.StatusCode = answer;
        });

        private Task StartServerAsync() => application.StartAsync(Token);
    }

    /// <summary>The gRPC service behind Kestrel without TLS, as Alarms:Grpc:Port serves it.</summary>
    private sealed class GrpcServer(WebApplication application) : IAsyncDisposable
    {
        public GrpcChannel Channel { get; private set; } = null!;

        public static async Task<GrpcServer> StartAsync(AlarmsRole role)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            builder.Services.AddTelemetryStreams(role.Streams, () => role.NotReadyReason);
            var application = builder.Build();
            application.MapTelemetryStreams();
            await application.StartAsync(Token);
            return new GrpcServer(application) { Channel = GrpcChannel.ForAddress(application.Urls.Single()) };
        }

        public async ValueTask DisposeAsync()
        {
            Channel.Dispose();
            await application.DisposeAsync();
        }
    }
}
