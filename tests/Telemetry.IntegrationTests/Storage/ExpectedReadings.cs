using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

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
        await StoreProof.ReadAsync(log, LogTopics.Readings, record => expected.Take(record.Value));
        return expected;
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
            Take(ReadingBatch.Parser.ParseFrom(bytes[(FrameBytes + 1)..]));
        }
        catch (InvalidProtocolBufferException)
        {
            Undecodable++;
        }
    }

    private void Take(ReadingBatch batch)
    {
        var time = batch.BaseTimeUs;
        for (var i = 0; i < batch.Values.Count; i++)
        {
            time += batch.TimeDeltasUs.Count > 0 ? batch.TimeDeltasUs[i] : 0;
            var sensor = batch.Sensors[batch.SensorIndexes.Count > 0 ? (int)batch.SensorIndexes[i] : 0];
            var quality = batch.Qualities.Count > 0 ? (int)batch.Qualities[i] : 0;
            var id = new EventId(batch.Device, batch.BootId, batch.FirstSequence + (ulong)i);
            All.TryAdd(id, new ExpectedReading(id, sensor, time, batch.Values[i], quality));
        }
    }
}
