using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// Units of sensors, followed on the catalogue topic, for the words of incidents. What is found never depends on them. Bounded: of sensors for which there is no
/// room the unit is not known. Safe for concurrent use.
/// </summary>
internal sealed class SensorUnits(IRecordLog log, string topic, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Some 200,000 sensors.</summary>
    private const long BytesMax = 96 << 20;

    private const int UnitLengthMax = 32;
    private const int RecordsMax = 1000;
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly CatalogueBook _book = new(BytesMax, UnitsOf);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to read the topic from its start.</summary>
    public void Start() => _loop = LogFollower.RunAsync(
        FollowAsync, (error, pause) => ProcessingLog.UnitsFailed(logger, error, topic, pause.TotalSeconds), Retry, time, _stop.Token);

    /// <summary>Unit of a sensor's values; empty when it is not known.</summary>
    public string Of(string device, string sensor) =>
        CatalogueJson.UnitOf(_book.Sensor(device, sensor)) is { Length: <= UnitLengthMax } unit ? unit : "";

    /// <summary>Takes one record of the topic. What is no entry is left out: it is not ours to judge.</summary>
    public void Take(ReadOnlyMemory<byte> value) => _book.Take(value);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>What is kept of an entry.</summary>
    private static CatalogueEntry UnitsOf(CatalogueEntry entry)
    {
        var kept = new CatalogueEntry
        {
            Source = entry.Source, Device = entry.Device, Sensor = entry.Sensor, Deleted = entry.Deleted, Unit = entry.Unit, UnitCode = entry.UnitCode,
        };
        kept.Sensors.AddRange(entry.Sensors.Select(UnitsOf));
        return kept;
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
