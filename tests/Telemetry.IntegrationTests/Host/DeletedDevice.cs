using System.Globalization;
using Telemetry.IntegrationTests.Mqtt;

namespace Telemetry.IntegrationTests.Host;

/// <summary>
/// A device that says what it is, sends a past in which a detector finds something, an alarm stands and an id is used twice, and then goes on sending until it is
/// stopped. Every publish is acknowledged before the next.
/// </summary>
internal sealed class DeletedDevice : IAsyncDisposable
{
    /// <summary>Readings of the past.</summary>
    public const int Past = 800;

    /// <summary>Readings on the log under the id of another one; they are refused.</summary>
    public const int Conflicts = 1;

    private const int InBatch = 200;
    private const int Spike = 350;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly TestClient _client;
    private readonly string _device;
    private readonly CancellationTokenSource _stop = new();
    private Task _sending = Task.CompletedTask;
    private long _acknowledged;

    private DeletedDevice(TestClient client, string device) => (_client, _device) = (client, device);

    /// <summary>Readings that the platform took; a copy or conflict is none.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    public static async Task<DeletedDevice> StartAsync(int port, string name)
    {
        var device = new DeletedDevice(await TestClient.ConnectAsync(port, name), name);
        var catalogue = $$"""{"displayName": "Press {{name}}", "sensors": [{"sensor": "oil", "unit": "°C"}]}""";
        (await device._client.PublishAsync($"telemetry/v1/{name}/catalogue", catalogue)).IsSuccess.ShouldBeTrue();
        var begin = DateTimeOffset.UtcNow.AddSeconds(-Past / 2);
        for (var i = 0; i < Past; i += InBatch)
        {
            await device.SendAsync(Enumerable.Range(i / 2, InBatch / 2).SelectMany(n => Pair(begin.AddSeconds(n), n == Spike ? 400 : 20 + (n * 7 % 11 / 10.0))));
        }

        // Another reading under the first one's id: refused, and told as an event of the device.
        (await device.PublishAsync(1, [Reading("oil", begin, -5)])).IsSuccess.ShouldBeFalse();
        device._sending = device.RunAsync();
        return device;
    }

    /// <summary>Sends no more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _sending;
        await _client.DisconnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _client.DisposeAsync();
        _stop.Dispose();
    }

    private static IEnumerable<string> Pair(DateTimeOffset time, double oil) => [Reading("oil", time, oil), Reading("level", time, 95)];

    private static string Reading(string sensor, DateTimeOffset time, double value) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"sensor": "{{sensor}}", "time": "{{time:O}}", "value": {{value}}}""");

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await SendAsync(Pair(DateTimeOffset.UtcNow, 20));
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    private async Task SendAsync(IEnumerable<string> readings)
    {
        var batch = readings.ToList();
        (await PublishAsync(Acknowledged + 1, batch)).IsSuccess.ShouldBeTrue();
        Interlocked.Add(ref _acknowledged, batch.Count);
    }

    private Task<MQTTnet.MqttClientPublishResult> PublishAsync(long sequence, IReadOnlyList<string> readings) => _client.PublishAsync(
        $"telemetry/v1/{_device}/readings",
        string.Create(CultureInfo.InvariantCulture, $$"""{"boot": 7, "seq": {{sequence}}, "readings": [{{string.Join(", ", readings)}}]}"""));
}
