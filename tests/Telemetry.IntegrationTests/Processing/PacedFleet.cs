using System.Buffers;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Processing;

/// <summary>
/// Devices that each append one reading in <see cref="Interval"/>, with the time of the wall clock, until told to stop; every device has a spike of its own
/// now and then.
/// </summary>
internal sealed class PacedFleet(IRecordLog log, int devices) : IAsyncDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Rounds from one spike of a device to its next.</summary>
    private const int SpikeEvery = 60;

    private readonly IRecordProducer _producer = log.CreateProducer(new ProducerOptions());
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _noise = new(29);
    private readonly ArrayBufferWriter<byte> _output = new();
    private Task<long> _loop = Task.FromResult(0L);

    public IReadOnlyList<string> Devices { get; } = [.. Enumerable.Range(0, devices).Select(static i => $"press-{i:00}")];

    public void Start() => _loop = RunAsync();

    /// <returns>Readings appended, all of them durable.</returns>
    public async Task<long> StopAsync()
    {
        await _stop.CancelAsync();
        return await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _producer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<long> RunAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        var round = 0;
        for (; !_stop.IsCancellationRequested; round++)
        {
            var nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            for (var device = 0; device < Devices.Count; device++)
            {
                var spike = round > 30 && (round + (device * 7)) % SpikeEvery == 0 ? 500 : 0;
                Append(device, (ulong)round + 1, nowMs, 20 + _noise.NextDouble() + spike);
            }

            await _producer.FlushAsync(CancellationToken.None);
            await ((Task)timer.WaitForNextTickAsync(_stop.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (long)round * Devices.Count;
    }

    private void Append(int device, ulong sequence, long nowMs, double value)
    {
        var key = Encoding.ASCII.GetBytes(Devices[device]);
        _output.ResetWrittenCount();
        ConfluentFrame.WriteHeader(_output.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
        _output.Advance(ConfluentFrame.HeaderBytes);
        ReadingBatchWriter.Write(_output, key, 1, sequence, [Encoding.ASCII.GetBytes("oil")], [], [nowMs * 1000], [value], []);
        _producer.TryAppend(
            new NewRecord { Topic = LogTopics.Readings, Key = key, Value = _output.WrittenSpan, TimestampMs = nowMs }, null, 0).ShouldBeTrue();
    }
}
