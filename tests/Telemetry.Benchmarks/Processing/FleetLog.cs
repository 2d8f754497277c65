using System.Buffers;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Simulator.Machines;
using Telemetry.Streams;

namespace Telemetry.Benchmarks.Processing;

/// <summary>Fills a log with the readings of a simulated fleet, one reading a record, as fast as the log takes them.</summary>
internal static class FleetLog
{
    public const int Partitions = 4;

    private const ulong BootId = 7;

    /// <summary>Creates the topics of processing and appends the fleet's readings in the order of their arrival.</summary>
    /// <returns>Records appended.</returns>
    public static async Task<long> FillAsync(IRecordLog log, FleetPlan plan)
    {
        await log.EnsureTopicsAsync(
            [
                new(LogTopics.Readings, Partitions), new(LogTopics.Anomalies, Partitions), new(LogTopics.Incidents, Partitions),
                new(LogTopics.DeviceEvents, Partitions), new(LogTopics.DeadLetters, 1), new(LogTopics.Catalogue, 1, Compacted: true),
            ],
            CancellationToken.None);
        ReadOnlyMemory<byte>[] sensors = [.. FleetPlan.SensorNames.Select(static name => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(name))];
        var traces = Enumerable.Range(0, plan.Devices).Select(plan.Play).ToArray();
        var names = traces.Select(static trace => Encoding.ASCII.GetBytes(trace.Device)).ToArray();
        var output = new ArrayBufferWriter<byte>();
        await using var producer = log.CreateProducer(new ProducerOptions());
        var (records, isOpen) = (0L, true);
        while (isOpen)
        {
            // Devices send at one pace: round after round is the order of arrival, but for what was kept over an outage.
            isOpen = false;
            for (var d = 0; d < traces.Length; d++)
            {
                if (traces[d].TryNext(out var reading))
                {
                    isOpen = true;
                    records++;
                    Encode(output, names[d], sensors, reading);
                    while (!TryAppend(producer, names[d], output.WrittenSpan, reading.ArrivalUs / 1000))
                    {
                        await producer.WaitForCapacityAsync(CancellationToken.None);
                    }
                }
            }
        }

        await producer.FlushAsync(CancellationToken.None);
        return records;
    }

    private static bool TryAppend(IRecordProducer producer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestampMs) =>
        producer.TryAppend(new NewRecord { Topic = LogTopics.Readings, Key = key, Value = value, TimestampMs = timestampMs }, null, 0);

    private static void Encode(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> device, ReadOnlyMemory<byte>[] sensors, in TracedReading reading)
    {
        output.ResetWrittenCount();
        ConfluentFrame.WriteHeader(output.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
        output.Advance(ConfluentFrame.HeaderBytes);
        ReadingBatchWriter.Write(
            output, device, BootId, reading.Sequence, sensors.AsSpan(reading.Sensor, 1), [], [reading.EventTimeUs], [reading.Value], []);
    }
}
