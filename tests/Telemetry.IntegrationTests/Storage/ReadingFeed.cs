using System.Buffers;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Seeded readings for the log: several devices, three months mixed, late ones, NaN and infinities, batches sent twice,
/// batches of both layouts, and now and then a record that is no batch.
/// </summary>
internal sealed class ReadingFeed(IRecordLog log, int seed) : IAsyncDisposable
{
    private const int Devices = 24;
    private static readonly long Start = (long)(new DateTime(2026, 1, 31, 23, 50, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalMicroseconds;
    private static readonly ReadOnlyMemory<byte>[] Sensors = ["temp"u8.ToArray(), "pressure"u8.ToArray(), "state/a"u8.ToArray()];

    private readonly Random _random = new(seed);
    private readonly IRecordProducer _producer = log.CreateProducer(new ProducerOptions());
    private readonly ulong[] _boots = new ulong[Devices];
    private readonly ulong[] _sequences = new ulong[Devices];
    private readonly List<(int Device, byte[] Value)> _sent = [];
    private long _clock;
    private int _batches;

    /// <summary>Appends one record and returns how many readings it carries (0: it is no batch).</summary>
    public int Append(int readingsMax = 40)
    {
        if (_random.Next(400) == 0)
        {
            Send(_random.Next(Devices), "no batch"u8.ToArray());
            return 0;
        }

        if (_sent.Count > 0 && _random.Next(10) == 0)
        {
            var (device, value) = _sent[_random.Next(_sent.Count)];
            Send(device, value);
            return 0;
        }

        var at = _random.Next(Devices);
        _boots[at] = _boots[at] == 0 ? (ulong)_random.NextInt64(1, long.MaxValue) : _boots[at];
        var count = _random.Next(1, readingsMax + 1);
        var times = new long[count];
        var values = new double[count];
        var sensors = new int[count];
        var qualities = new Quality[count];
        _clock += _random.Next(1, 2_000_000);
        for (var i = 0; i < count; i++)
        {
            times[i] = Start + _clock + (i * 1000L) + Displacement();
            values[i] = Value();
            sensors[i] = _random.Next(Sensors.Length);
            qualities[i] = (Quality)_random.Next(3);
        }

        var buffer = new ArrayBufferWriter<byte>();
        var isSecond = _batches++ % 3 == 2;
        ConfluentFrame.WriteHeader(buffer.GetSpan(ConfluentFrame.HeaderBytes), isSecond ? SchemaIds.ReadingBatchV2 : SchemaIds.ReadingBatch);
        buffer.Advance(ConfluentFrame.HeaderBytes);
        if (isSecond)
        {
            ReadingBatchV2Writer.Write(buffer, Name(at), _boots[at], _sequences[at] + 1, Sensors, sensors, times, values, qualities);
        }
        else
        {
            ReadingBatchWriter.Write(buffer, Name(at), _boots[at], _sequences[at] + 1, Sensors, sensors, times, values, qualities);
        }

        _sequences[at] += (ulong)count;
        Send(at, buffer.WrittenSpan.ToArray());
        _sent.Add((at, buffer.WrittenSpan.ToArray()));
        if (_sent.Count > 500)
        {
            _sent.RemoveAt(_random.Next(_sent.Count));
        }

        return count;
    }

    /// <summary>Orders the deletion of a device's data; it goes on with the next sequence.</summary>
    public void Delete()
    {
        var device = _random.Next(Devices);
        _producer.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.Readings,
                Key = Name(device),
                Headers = new DeviceDeletion(Encoding.ASCII.GetString(Name(device)), "ann").ToHeaders(),
                TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            },
            null,
            0).ShouldBeTrue();
    }

    public ValueTask FlushAsync() => _producer.FlushAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => _producer.DisposeAsync();

    private static byte[] Name(int device) => Encoding.ASCII.GetBytes($"device-{device}");

    private long Displacement() => _random.Next(20) switch
    {
        0 => -40L * 86_400_000_000,
        1 => 29L * 86_400_000_000,
        2 => -(long)_random.Next(3_600) * 1_000_000,
        _ => 0,
    };

    private double Value() => _random.Next(100) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => double.MaxValue,
        4 => -0.0,
        5 => double.Epsilon,
        _ => Math.Round(_random.NextDouble() * 100, 2),
    };

    private void Send(int device, byte[] value)
    {
        var record = new NewRecord
        {
            Topic = LogTopics.Readings,
            Key = Name(device),
            Value = value,
            TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        if (!_producer.TryAppend(record, null, 0))
        {
            throw new InvalidOperationException("The log's bound was reached; flush now and then.");
        }
    }
}
