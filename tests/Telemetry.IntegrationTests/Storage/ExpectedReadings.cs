using System.Text;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Streams;
using V1 = Telemetry.Contracts.V1;
using V2 = Telemetry.Contracts.V2;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>One reading as the log says it.</summary>
internal readonly record struct ExpectedReading(EventId Id, string Sensor, long TimeUs, double Value, int Quality);

/// <summary>
/// The readings of a log, each once, decoded by Google's own Protobuf reader: nothing of the code that stores them, and nothing of the
/// audit, has a part in it.
/// </summary>
internal sealed class ExpectedReadings
{
    private const int FrameBytes = 5;

    public Dictionary<EventId, ExpectedReading> All { get; } = [];

    /// <summary>Records that are no batch.</summary>
    public int Undecodable { get; private set; }

    public static async Task<ExpectedReadings> ReadAsync(IRecordLog log)
    {
        var expected = new ExpectedReadings();
        await StoreProof.ReadAsync(log, LogTopics.Readings, expected.Take);
        return expected;
    }

    private void Take(LogRecord record)
    {
        if (record.Value.IsEmpty && record.Headers.TryGet("telemetry-deleted-device", out var deleted))
        {
            // What came before is gone, and what it said before may come again.
            var device = Encoding.UTF8.GetString(deleted.Span);
            foreach (var id in All.Keys.Where(id => id.Device == device).ToList())
            {
                All.Remove(id);
            }

            return;
        }

        Take(record.Value);
    }

    private void Take(ReadOnlyMemory<byte> value)
    {
        // Confluent's frame: a zero, the schema id, and for the first message of a file one more zero.
        var bytes = value.Span;
        if (bytes.Length <= FrameBytes || bytes[0] != 0 || bytes[FrameBytes] != 0)
        {
            Undecodable++;
            return;
        }

        try
        {
            // No batch has values in the columns of both versions, so the bytes tell which it is, whatever the schema id says.
            var message = bytes[(FrameBytes + 1)..];
            if (V1.ReadingBatch.Parser.ParseFrom(message) is { Values.Count: > 0 } first)
            {
                Take(first);
            }
            else
            {
                Take(V2.ReadingBatch.Parser.ParseFrom(message));
            }
        }
        catch (InvalidProtocolBufferException)
        {
            Undecodable++;
        }
    }

    private void Take(V1.ReadingBatch batch)
    {
        var time = batch.BaseTimeUs;
        var sequence = batch.FirstSequence;
        for (var i = 0; i < batch.Values.Count; i++)
        {
            time += batch.TimeDeltasUs.Count > 0 ? batch.TimeDeltasUs[i] : 0;
            sequence += Step(batch.SequenceDeltas, i);
            var sensor = batch.Sensors[batch.SensorIndexes.Count > 0 ? (int)batch.SensorIndexes[i] : 0];
            var quality = batch.Qualities.Count > 0 ? (int)batch.Qualities[i] : 0;
            var id = new EventId(batch.Device, batch.BootId, sequence);
            All.TryAdd(id, new ExpectedReading(id, sensor, time, batch.Values[i], quality));
        }
    }

    /// <summary>Sensors in turn unless indexes say otherwise, times by the interval unless deltas do, values of 32 bits where all fit.</summary>
    private void Take(V2.ReadingBatch batch)
    {
        var delta = 0L;
        var sequence = batch.FirstSequence;
        for (var i = 0; i < Math.Max(batch.Values.Count, batch.FloatValues.Count); i++)
        {
            delta += batch.TimeDeltasUs.Count > 0 ? batch.TimeDeltasUs[i] : 0;
            sequence += Step(batch.SequenceDeltas, i);
            var time = batch.StartTimeUs + (batch.TimeDeltasUs.Count > 0 ? delta : i / batch.Sensors.Count * batch.IntervalUs);
            var sensor = batch.Sensors[batch.SensorIndexes.Count > 0 ? (int)batch.SensorIndexes[i] : i % batch.Sensors.Count];
            var value = batch.Values.Count > 0 ? batch.Values[i] : batch.FloatValues[i];
            var quality = batch.Qualities.Count > 0 ? (int)batch.Qualities[i] : 0;
            var id = new EventId(batch.Device, batch.BootId, sequence);
            All.TryAdd(id, new ExpectedReading(id, sensor, time, value, quality));
        }
    }

    /// <summary>What reading i adds to the sequence before it; with deltas the first sequence is 0, so the first delta is the first sequence.</summary>
    private static ulong Step(IReadOnlyList<ulong> deltas, int i) => deltas.Count > 0 ? deltas[i] : i > 0 ? 1UL : 0;
}
