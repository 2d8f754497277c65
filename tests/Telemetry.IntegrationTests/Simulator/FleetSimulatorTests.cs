using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Simulator;
using Telemetry.Simulator.Ledger;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>The fleet against a real broker that is killed, and as a process that is killed.</summary>
public sealed class FleetSimulatorTests : IDisposable
{
    private const int ChildDevices = 5;
    private const string ChildPort = "TELEMETRY_TEST_CHILD_PORT";
    private const string ChildDirectory = "TELEMETRY_TEST_CHILD_DIRECTORY";

    /// <summary>Of mosquitto: as many publishes under way and waiting as there are.</summary>
    private const string Unlimited = "set_tcp_nodelay true\nmax_queued_messages 0\nmax_inflight_messages 0\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-simulator-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Everything_a_calm_broker_was_sent_is_acknowledged_received_and_in_the_ledger(int qos)
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        await using var subscriber = await Subscriber.ConnectAsync(mosquitto.Port);
        var report = await RunAsync(Options(mosquitto.Port) with
        {
            Qos = qos,
            Duration = TimeSpan.FromSeconds(3),
            ReadingsPerPublish = 5,
            DuplicateShare = 0.05,
            OutOfOrderShare = 0.05,
            ReportPath = Path.Combine(_directory, "report.json"),
        });
        report.Acked.ShouldBeGreaterThan(0);
        report.Acked.ShouldBe(report.Sent);
        (report.PublishesUnanswered, report.Rejected, report.ConnectFailures).ShouldBe((0, 0, 0));
        Acked().ShouldBe(report.Acked);
        await subscriber.WaitForAsync((report.Acked / 5) + report.PublishesDuplicated);
        subscriber.DistinctReadings.ShouldBe(report.Acked);
        subscriber.Contradictions.ShouldBe(0);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_directory, "report.json"), TestContext.Current.CancellationToken));
        json.RootElement.GetProperty("acked").GetInt64().ShouldBe(report.Acked);
        json.RootElement.GetProperty("puback_ms").GetProperty("p99").GetDouble().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("telemetry/v1/{device}/catalogue", 40)]
    [InlineData("", 0)]
    public async Task Devices_say_once_and_retained_what_they_are(string topic, int announced)
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        var options = Options(mosquitto.Port) with { Duration = TimeSpan.FromSeconds(1), CatalogueTopic = topic };
        (await RunAsync(options)).ConnectFailures.ShouldBe(0);

        await using var reader = await TestClient.ConnectAsync(mosquitto.Port, "reader");
        await reader.SubscribeAsync("telemetry/v1/+/catalogue");
        var expected = FleetCatalogue.Of(options).Where(e => e.Sensor.Length == 0).ToDictionary(e => e.Device);
        for (var i = 0; i < announced; i++)
        {
            var message = await reader.NextAsync();
            message.Retain.ShouldBeTrue();
            var device = message.Topic.Split('/')[2];
            var entry = CatalogueReader.ReadAnnouncement(message.Payload.ToArray(), device, out var errors);
            errors.ShouldBeEmpty();
            (entry!.DisplayName, entry.Cell).ShouldBe((expected[device].DisplayName, expected[device].Cell));
            entry.Sensors.Select(s => s.Sensor).ShouldContain("temperature");
            expected.Remove(device).ShouldBeTrue();
        }

        await reader.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Past_comes_before_the_fleet_from_boots_of_its_own_and_is_in_the_ledger()
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        await using var subscriber = await Subscriber.ConnectAsync(mosquitto.Port);
        var report = await RunAsync(Options(mosquitto.Port) with
        {
            RatePerHour = 144_000, // 1 reading a second of each device
            Duration = TimeSpan.FromSeconds(2),
            History = TimeSpan.FromHours(1),
            HistoryDevices = 5,
            HistoryWithin = TimeSpan.FromSeconds(3),
        });

        var past = Acked() - report.Acked;
        past.ShouldBeInRange(5 * 3000, 5 * 4700);
        await subscriber.WaitForReadingsAsync(Acked());
        subscriber.DistinctReadings.ShouldBe(Acked());
        subscriber.Contradictions.ShouldBe(0);
    }

    [Fact]
    public async Task Over_TLS_only_a_broker_of_the_named_authority_is_trusted()
    {
        var certificates = new TestCertificates(_directory);
        await using var mosquitto = await Mosquitto.StartAsync($"{Unlimited}certfile {certificates.ServerFile}\nkeyfile {certificates.KeyFile}\n");
        var options = Options(mosquitto.Port) with
        {
            Devices = 5,
            Tls = true,
            Host = "localhost",
            Duration = TimeSpan.FromSeconds(2),
            DrainTimeout = TimeSpan.FromSeconds(10),
        };
        var trusted = await RunAsync(options with { CaFile = certificates.AuthorityFile });
        trusted.Acked.ShouldBeGreaterThan(0);
        trusted.Acked.ShouldBe(trusted.Sent);
        trusted.ConnectFailures.ShouldBe(0);
        var strange = await RunAsync(options with { CaFile = certificates.OtherAuthorityFile });
        strange.Sent.ShouldBe(0);
        strange.ConnectFailures.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Devices_come_back_after_the_broker_was_killed_and_nothing_stays_unacknowledged()
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var progress = new Watch();
        var run = RunAsync(Options(mosquitto.Port) with { QueueMax = 8, MaxInFlight = 4 }, progress, end.Token);
        for (var kill = 1; kill <= 3; kill++)
        {
            var acked = progress.Last?.Acked ?? 0;
            var reconnects = progress.Last?.Reconnects ?? 0;
            await progress.UntilAsync(p => p.Acked > acked + 200);
            await mosquitto.KillAsync();
            await progress.UntilAsync(p => p.Connected == 0);
            await mosquitto.StartAgainAsync();
            await progress.UntilAsync(p => p.Connected == 40 && p.Reconnects > reconnects);
        }

        await end.CancelAsync();
        var report = await run;
        report.Acked.ShouldBe(report.Sent);
        report.Disconnects.ShouldBeGreaterThanOrEqualTo(120);
        Acked().ShouldBe(report.Acked);
        LedgerReader.Read(LedgerDirectory).ShouldAllBe(e => e.Acked.Count <= 1 && (long)e.SentThrough == e.AckedCount);
    }

    /// <summary>
    /// Few devices with many publishes each, a third of them overtaken: the ledger's window of 256 publishes goes round several
    /// times, and the broker dies with publishes under way and held back.
    /// </summary>
    [Fact]
    public async Task Ledger_calls_acknowledged_what_was_and_nothing_else_past_its_window_and_over_broker_kills()
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var progress = new Watch();
        var options = Options(mosquitto.Port) with { Devices = 4, RatePerHour = 0, OutOfOrderShare = 0.3, MaxInFlight = 8, QueueMax = 32 };
        var run = RunAsync(options, progress, end.Token);
        for (var kill = 1; kill <= 3; kill++)
        {
            var acked = progress.Last?.Acked ?? 0;
            await progress.UntilAsync(p => p.Acked > acked + (4 * LedgerLayout.Window));
            await mosquitto.KillAsync();
            await progress.UntilAsync(p => p.Connected == 0);

            // The broker is dead: what it has not acknowledged by now stays so.
            await progress.UntilAsync(p => p.Acked == Acked());
            await mosquitto.StartAgainAsync();
            await progress.UntilAsync(p => p.Connected == 4);
        }

        await end.CancelAsync();
        var report = await run;
        report.PublishesOutOfOrder.ShouldBeGreaterThan(0);
        report.Acked.ShouldBe(report.Sent);
        Acked().ShouldBe(report.Acked);
    }

    [Fact]
    public async Task The_ledger_of_a_killed_simulator_is_whole_and_the_next_run_adds_new_boots()
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        await using var subscriber = await Subscriber.ConnectAsync(mosquitto.Port);
        for (var run = 1; run <= 3; run++)
        {
            using var child = Process.Start(new ProcessStartInfo(
                Environment.ProcessPath!,
                [.. Arguments(), "-method", typeof(FleetSimulatorTests).FullName + "." + nameof(Child), "-explicit", "only"])
            {
                Environment = { [ChildPort] = mosquitto.Port.ToString(), [ChildDirectory] = _directory },
                RedirectStandardOutput = true,
            })!;
            var output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            // Each device past the ledger's window of 256 publishes.
            await subscriber.WaitForBootsAsync(run * ChildDevices, 3 * LedgerLayout.Window);
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            await output;
        }

        var entries = LedgerReader.Read(LedgerDirectory).ToList();
        entries.Count.ShouldBe(3 * ChildDevices);
        entries.Select(e => e.BootId).ShouldBeUnique();
        var acked = Acked();
        acked.ShouldBeGreaterThan(3 * ChildDevices * LedgerLayout.Window);

        // Whatever the broker acknowledged it delivers; whatever arrived was entered as sent before it left.
        await subscriber.WaitForReadingsAsync(acked);
        subscriber.DistinctReadings.ShouldBeGreaterThanOrEqualTo(acked);
        subscriber.DistinctReadings.ShouldBeLessThanOrEqualTo(entries.Sum(e => (long)e.SentThrough));
        foreach (var entry in entries)
        {
            foreach (var range in entry.Acked)
            {
                for (var sequence = range.First; sequence <= range.Last; sequence++)
                {
                    subscriber.Has(entry.Device, entry.BootId, sequence).ShouldBeTrue($"{entry.Device} {sequence}");
                }
            }

            subscriber.HighestOf(entry.Device, entry.BootId).ShouldBeLessThanOrEqualTo(entry.SentThrough);
        }
    }

    /// <summary>The child process of the test above: runs until it is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Child() => await new FleetSimulator(
        Options(int.Parse(Environment.GetEnvironmentVariable(ChildPort)!)) with
        {
            LedgerDirectory = Path.Combine(Environment.GetEnvironmentVariable(ChildDirectory)!, "ledger"),
            Devices = ChildDevices,
            RatePerHour = 0,
            OutOfOrderShare = 0.3,
        },
        TimeProvider.System,
        NullLogger<FleetSimulator>.Instance).RunAsync(null, TestContext.Current.CancellationToken);

    private string LedgerDirectory => Path.Combine(_directory, "ledger");

    /// <summary>The test assembly, when it was started through the dotnet host.</summary>
    private static string[] Arguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [typeof(FleetSimulatorTests).Assembly.Location] : [];

    private long Acked() => LedgerReader.Read(LedgerDirectory).Sum(e => e.AckedCount);

    private SimulatorOptions Options(int port) => new()
    {
        Devices = 40,
        RatePerHour = 3_600_000,
        Port = port,
        LedgerDirectory = LedgerDirectory,
        ProgressInterval = TimeSpan.FromMilliseconds(20),
        ReconnectDelay = TimeSpan.FromMilliseconds(100),
        ReconnectDelayMax = TimeSpan.FromSeconds(1),
        DuplicateShare = 0,
        OutOfOrderShare = 0,
        FaultsPerDeviceDay = 0,
    };

    private static Task<SimulatorReport> RunAsync(
        SimulatorOptions options, IProgress<SimulatorProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new FleetSimulator(options, TimeProvider.System, NullLogger<FleetSimulator>.Instance).RunAsync(progress, cancellationToken);

    private sealed class Watch : IProgress<SimulatorProgress>
    {
        private volatile SimulatorProgress? _last;
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SimulatorProgress? Last => _last;

        public void Report(SimulatorProgress value)
        {
            _last = value;
            Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }

        public async Task UntilAsync(Func<SimulatorProgress, bool> condition)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (true)
            {
                var changed = Volatile.Read(ref _changed).Task;
                if (_last is { } last && condition(last))
                {
                    return;
                }

                await changed.WaitAsync(deadline.Token);
            }
        }
    }

    /// <summary>Receives all readings from the broker.</summary>
    private sealed class Subscriber : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<(string, ulong, ulong), ReadingBatch> _batches = [];
        private readonly HashSet<(string, ulong, ulong)> _readings = [];
        private readonly Dictionary<(string, ulong), ulong> _highest = [];
        private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TestClient? _client;
        private long _publishes;

        public int Contradictions { get; private set; }

        public long DistinctReadings
        {
            get
            {
                lock (_gate)
                {
                    return _readings.Count;
                }
            }
        }

        public static async Task<Subscriber> ConnectAsync(int port)
        {
            var subscriber = new Subscriber();
            subscriber._client = await TestClient.ConnectAsync(port, "subscriber", received: subscriber.ReceiveAsync);
            await subscriber._client.SubscribeAsync("telemetry/v1/+/readings");
            return subscriber;
        }

        public bool Has(string device, ulong boot, ulong sequence)
        {
            lock (_gate)
            {
                return _readings.Contains((device, boot, sequence));
            }
        }

        public ulong HighestOf(string device, ulong boot)
        {
            lock (_gate)
            {
                return _highest.GetValueOrDefault((device, boot));
            }
        }

        public Task WaitForAsync(long publishes) => UntilAsync(() => _publishes >= publishes);

        /// <summary>Waits until so many boots of devices have come that far in their sequence.</summary>
        public Task WaitForBootsAsync(int boots, ulong sequence) => UntilAsync(() => _highest.Values.Count(h => h >= sequence) >= boots);

        public Task WaitForReadingsAsync(long readings) => UntilAsync(() => _readings.Count >= readings);

        private Task ReceiveAsync(MqttApplicationMessage message)
        {
            var batch = ReadingBatch.Parser.ParseFrom(message.Payload);
            lock (_gate)
            {
                _publishes++;
                var key = (batch.Device, batch.BootId, batch.FirstSequence);
                if (!_batches.TryAdd(key, batch) && !_batches[key].Equals(batch))
                {
                    Contradictions++;
                }

                for (var i = 0; i < batch.Values.Count; i++)
                {
                    _readings.Add((batch.Device, batch.BootId, batch.FirstSequence + (ulong)i));
                }

                var last = batch.FirstSequence + (ulong)batch.Values.Count - 1;
                _highest[(batch.Device, batch.BootId)] = Math.Max(last, _highest.GetValueOrDefault((batch.Device, batch.BootId)));
            }

            Interlocked.Exchange(ref _arrived, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await _client!.DisconnectAsync();
            await _client.DisposeAsync();
        }

        private async Task UntilAsync(Func<bool> condition)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (true)
            {
                var arrived = Volatile.Read(ref _arrived).Task;
                lock (_gate)
                {
                    if (condition())
                    {
                        return;
                    }
                }

                await arrived.WaitAsync(deadline.Token);
            }
        }
    }
}
