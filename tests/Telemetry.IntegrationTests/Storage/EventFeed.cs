using System.Text;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Seeded anomalies and device events for the log: three months mixed, and now and then a record that cannot be stored.</summary>
internal sealed class EventFeed(IRecordLog log, int seed) : IAsyncDisposable
{
    private static readonly long Start = (long)(new DateTime(2026, 1, 31, 23, 50, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalMicroseconds;

    private readonly Random _random = new(seed);
    private readonly IRecordProducer _producer = log.CreateProducer(new ProducerOptions());
    private ulong _sequence;

    /// <summary>Appends one record to either topic.</summary>
    public void Append()
    {
        var device = $"device-{_random.Next(24)}";
        var time = _random.Next(50) == 0 ? -1 : Start + (_random.Next(-40, 30) * 86_400_000_000L);
        var topic = _random.Next(2) == 0 ? LogTopics.Anomalies : LogTopics.DeviceEvents;
        IMessage message = topic == LogTopics.Anomalies
            ? new Anomaly
            {
                Device = device,
                Sensor = "temp",
                EventTimeUs = time,
                Value = Math.Round(_random.NextDouble() * 100, 2),
                Kind = AnomalyKind.ChangePoint,
                Detector = "cusum",
                Score = 0.5,
                Mode = DetectorMode.Compatible,
                BootId = (ulong)seed,
                Sequence = ++_sequence,
                Reason = "a\tsentence",
            }
            : new DeviceEvent
            {
                Device = device,
                Kind = DeviceEventKind.SequenceGap,
                TimeUs = time,
                Detail = "readings missed",
                Figure = _random.Next(-5, 5),
                BootId = (ulong)seed,
            };
        var framed = new byte[ConfluentFrame.HeaderBytes + message.CalculateSize()];
        ConfluentFrame.WriteHeader(framed, topic == LogTopics.Anomalies ? SchemaIds.Anomaly : SchemaIds.DeviceEvent);
        message.WriteTo(framed.AsSpan(ConfluentFrame.HeaderBytes));
        var record = new NewRecord
        {
            Topic = topic,
            Key = Encoding.ASCII.GetBytes(device),
            Value = _random.Next(40) == 0 ? "no event"u8.ToArray() : framed,
            TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        if (!_producer.TryAppend(record, null, 0))
        {
            throw new InvalidOperationException("The log's bound was reached; flush now and then.");
        }
    }

    public ValueTask FlushAsync() => _producer.FlushAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => _producer.DisposeAsync();
}
