using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// Units of sensors, followed on the catalogue topic, for the words of incidents. What is found never depends on them. Bounded: of more sensors than
/// <see cref="SensorsMax"/> the unit is not known. Safe for concurrent use.
/// </summary>
internal sealed class SensorUnits(IRecordLog log, string topic, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    /// <summary>At some 150 bytes each.</summary>
    public const int SensorsMax = 200_000;

    private const int UnitLengthMax = 32;
    private const int RecordsMax = 1000;
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Device, string Sensor), string> _units = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to read the topic from its start.</summary>
    public void Start() => _loop = LogFollower.RunAsync(
        FollowAsync, (error, pause) => ProcessingLog.UnitsFailed(logger, error, topic, pause.TotalSeconds), Retry, time, _stop.Token);

    /// <summary>Unit of a sensor's values; empty when it is not known.</summary>
    public string Of(string device, string sensor) => _units.TryGetValue((device, sensor), out var unit) ? unit : "";

    /// <summary>Takes one record of the topic. What is no entry is left out: it is not ours to judge.</summary>
    public void Take(ReadOnlyMemory<byte> value)
    {
        try
        {
            if (ConfluentFrame.TryRead(value, out _, out var message))
            {
                var entry = CatalogueEntry.Parser.ParseFrom(message.Span);
                var key = (entry.Device, entry.Sensor);
                if (entry.Unit.Length is > 0 and <= UnitLengthMax && (_units.Count < SensorsMax || _units.ContainsKey(key)))
                {
                    _units[key] = string.Intern(entry.Unit);
                }
                else
                {
                    _units.TryRemove(key, out _);
                }
            }
        }
        catch (InvalidProtocolBufferException)
        {
            return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var partitions = Enumerable.Range(0, await log.QueryPartitionCountAsync(topic, cancellationToken))
            .Select(p => new TopicPartition(topic, p)).ToList();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            consumer.Seek(partition, (await log.QueryOffsetsAsync(partition, cancellationToken)).Low);
        }

        while (true)
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                Take(record.Value);
            }
        }
    }
}
