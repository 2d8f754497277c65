using System.Diagnostics;
using System.Globalization;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;

namespace Telemetry.IntegrationTests.Mqtt;

/// <summary>
/// Many clients in one process. By default 2,000, and no load; <c>TELEMETRY_MQTT_CONNECTIONS=10000</c> makes it the
/// measurement: memory for each idle connection, then ten seconds of 3,000 publishes a second, CPU time included.
/// </summary>
public sealed class ManyClientsTests(ITestOutputHelper output)
{
    private const int RatePerSecond = 3_000;

    private static readonly int Measured = int.Parse(
        Environment.GetEnvironmentVariable("TELEMETRY_MQTT_CONNECTIONS") ?? "0", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Idle_connections_are_small_and_every_one_of_them_works()
    {
        var count = Measured > 0 ? Measured : 2_000;
        await using var broker = await Mosquitto.StartAsync("max_connections -1\nlog_type error");
        var handler = new Quiet();
        await WarmUpAsync(broker, handler);
        var (heapBefore, residentBefore) = Memory();
        var watch = Stopwatch.StartNew();
        var clients = await ConnectAllAsync(broker, handler, count);
        var connecting = watch.Elapsed;
        var (heapAfter, residentAfter) = Memory();
        var each = (heapAfter - heapBefore) / count;
        output.WriteLine($"{count} connections in {connecting.TotalSeconds:F1} s; managed heap {each:N0} B each; "
            + $"resident set grew {(residentAfter - residentBefore) / count:N0} B each, {(residentAfter - residentBefore) >> 20} MiB in all");
        each.ShouldBeLessThan(10_000, "bytes of managed heap for each idle connection");

        await PublishOnceEachAsync(clients);
        if (Measured > 0)
        {
            await MeasureLoadAsync(clients);
        }
        handler.Disconnects.ShouldBe(0);
        await Task.WhenAll(clients.Select(c => c.DisposeAsync().AsTask()));
        clients.ShouldAllBe(c => !c.IsConnected && c.InFlight == 0);
    }

    [Fact]
    public async Task One_connection_carries_a_flood()
    {
        await using var broker = await Mosquitto.StartAsync("max_inflight_messages 1000\nlog_type error");
        await using var client = new MqttClient(
            new MqttClientOptions { Port = broker.Port, ClientId = "flood" }, new Quiet());
        await client.ConnectAsync();
        const int Count = 50_000;
        var told = new Counter(Count);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Count; i++)
        {
            await PublishAsync(client, told);
        }
        await told.All.WaitAsync(TimeSpan.FromSeconds(60));
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        output.WriteLine($"{Count} publishes of QoS 1 in {watch.Elapsed.TotalSeconds:F2} s, {used.TotalSeconds:F2} s of CPU here: "
            + $"{Count / used.TotalSeconds:N0} for each second of CPU");
        told.Failures.ShouldBe(0);
    }

    private static async Task WarmUpAsync(Mosquitto broker, Quiet handler)
    {
        foreach (var client in await ConnectAllAsync(broker, handler, 50))
        {
            await client.PublishAsync("warm", "x"u8.ToArray(), MqttQos.AtLeastOnce);
            await client.DisposeAsync();
        }
        handler.Disconnects = 0;
    }

    private static async Task<MqttClient[]> ConnectAllAsync(Mosquitto broker, Quiet handler, int count)
    {
        var clients = new MqttClient[count];
        // Under the accept queue of the broker.
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, cancellationToken) =>
        {
            clients[i] = new MqttClient(
                new MqttClientOptions { Port = broker.Port, ClientId = $"device-{i}", ConnectTimeout = TimeSpan.FromSeconds(60) },
                handler);
            await clients[i].ConnectAsync(cancellationToken);
        });
        return clients;
    }

    private static async Task PublishOnceEachAsync(MqttClient[] clients)
    {
        var told = new Counter(clients.Length);
        foreach (var client in clients)
        {
            await PublishAsync(client, told);
        }
        await told.All.WaitAsync(TimeSpan.FromSeconds(60));
        told.Failures.ShouldBe(0);
    }

    private static async Task PublishAsync(MqttClient client, Counter told)
    {
        while (true)
        {
            switch (client.TryPublish("telemetry/v1/device/readings"u8, new byte[200], MqttQos.AtLeastOnce, told))
            {
                case PublishStart.Started:
                    return;
                case PublishStart.Full:
                    await client.WaitForCapacityAsync(MqttQos.AtLeastOnce);
                    break;
                default:
                    Assert.Fail("The connection is gone.");
                    return;
            }
        }
    }

    private async Task MeasureLoadAsync(MqttClient[] clients)
    {
        const int Seconds = 10;
        using var process = Process.GetCurrentProcess();
        var told = new Counter(Seconds * RatePerSecond);
        var random = new Random(1);
        var cpu = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var sent = 0; sent < Seconds * RatePerSecond;)
        {
            await timer.WaitForNextTickAsync();
            for (var due = (int)(watch.Elapsed.TotalSeconds * RatePerSecond); sent < due && sent < Seconds * RatePerSecond; sent++)
            {
                await PublishAsync(clients[random.Next(clients.Length)], told);
            }
        }
        await told.All.WaitAsync(TimeSpan.FromSeconds(60));
        process.Refresh();
        var used = process.TotalProcessorTime - cpu;
        output.WriteLine($"{RatePerSecond} publishes a second of QoS 1 over {clients.Length} connections: "
            + $"{used.TotalSeconds / watch.Elapsed.TotalSeconds:P1} of one core, {used.TotalMicroseconds / (Seconds * RatePerSecond):F1} µs each, "
            + $"resident set {Memory().Resident >> 20} MiB");
        told.Failures.ShouldBe(0);
    }

    private static (long Heap, long Resident) Memory()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }

    private sealed class Quiet : IMqttClientHandler
    {
        private int _disconnects;

        public int Disconnects
        {
            get => _disconnects;
            set => _disconnects = value;
        }

        public bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery) => true;

        public void Disconnected(MqttClient client, MqttDisconnect disconnect) => Interlocked.Increment(ref _disconnects);
    }

    private sealed class Counter(int expected) : IPublishCompletion
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _told;
        private int _failures;

        public Task All => _all.Task;

        public int Failures => _failures;

        public void Published(in PublishResult result, ulong state)
        {
            if (!result.IsSuccess)
            {
                Interlocked.Increment(ref _failures);
            }
            if (Interlocked.Increment(ref _told) == expected)
            {
                _all.TrySetResult();
            }
        }
    }
}
