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
        var (topic, schema) = _random.Next(5) switch
        {
            0 => (LogTopics.Anomalies, SchemaIds.Anomaly),
            1 => (LogTopics.DeviceEvents, SchemaIds.DeviceEvent),
            2 => (LogTopics.Alarms, SchemaIds.AlarmChange),
            3 => (LogTopics.Catalogue, SchemaIds.CatalogueEntry),
            _ => (LogTopics.Incidents, SchemaIds.Incident),
        };
        IMessage message = topic switch
        {
            LogTopics.Incidents => IncidentOf(device, time),
            LogTopics.Alarms => AlarmOf(device, time),
            LogTopics.Catalogue => EntryOf(device, time),
            LogTopics.Anomalies => new Anomaly
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
            },
            _ => new DeviceEvent
            {
                Device = device,
                Kind = DeviceEventKind.SequenceGap,
                TimeUs = time,
                Detail = "readings missed",
                Figure = _random.Next(-5, 5),
                BootId = (ulong)seed,
            },
        };
        var framed = new byte[ConfluentFrame.HeaderBytes + message.CalculateSize()];
        ConfluentFrame.WriteHeader(framed, schema);
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

    /// <summary>With and without a value, a person and a comment.</summary>
    private AlarmChange AlarmOf(string device, long time)
    {
        var alarm = new Alarm
        {
            Id = $"{_random.NextInt64():x16}",
            Device = device,
            Sensor = _random.Next(2) == 0 ? "" : "temp",
            Source = "oil-hot",
            Kind = "threshold",
            Priority = (AlarmPriority)_random.Next(1, 5),
            Status = (AlarmStatus)_random.Next(1, 8),
            Active = _random.Next(2) == 0,
            Text = "oil 91.5,\tabove 90",
            Unit = "degC",
            EventTimeUs = time - 1_000_000,
            RaisedUs = time,
            Occurrences = (ulong)_random.Next(100),
            IncidentId = "i",
            Severity = (uint)_random.Next(1001),
        };
        if (_random.Next(2) == 0)
        {
            alarm.Value = Math.Round(_random.NextDouble() * 100, 2);
        }

        return new AlarmChange
        {
            Id = $"0-{++_sequence}-0",
            Alarm = alarm,
            Transition = (AlarmTransition)_random.Next(1, 13),
            Previous = (AlarmStatus)_random.Next(1, 8),
            TimeUs = time,
            By = _random.Next(2) == 0 ? "" : "ann",
            Comment = _random.Next(2) == 0 ? "" : "the pump's on",
            CommandId = "c",
        };
    }

    /// <summary>Of a device or a sensor, there or deleted.</summary>
    private CatalogueEntry EntryOf(string device, long time)
    {
        var isSensor = _random.Next(2) == 0;
        return new CatalogueEntry
        {
            Source = (CatalogueSource)_random.Next(5),
            Device = device,
            Sensor = isSensor ? "temp" : "",
            Version = ++_sequence,
            Deleted = _random.Next(4) == 0,
            TimeUs = time,
            By = _random.Next(2) == 0 ? "" : "ann",
            Comment = "name\tplate",
            DisplayName = "Press",
            Site = isSensor ? "" : "graz",
            Unit = isSensor ? "°C" : "",
        };
    }

    /// <summary>Open or ended, with what is not always known present or absent, of no sensor to three.</summary>
    private Incident IncidentOf(string device, long time)
    {
        var incident = new Incident
        {
            Id = $"{_random.NextInt64():x16}",
            Device = device,
            Sensor = "temp",
            Kind = IncidentKind.LevelShift,
            State = _random.Next(2) == 0 ? IncidentState.Updated : IncidentState.Ended,
            Revision = (uint)_random.Next(1, 9),
            Direction = IncidentDirection.Up,
            Severity = (uint)_random.Next(1001),
            StartUs = time,
            PeakUs = time + 1_000_000,
            LastUs = time + 2_000_000,
            Value = Math.Round(_random.NextDouble() * 100, 2),
            RunLength = (ulong)_random.Next(100),
            Score = 12.5,
            Unit = "degC",
            Text = "level moved\tfrom 21.4 to 23.1",
            SensorCount = 3,
            Late = _random.Next(2) == 0,
            BootId = (ulong)seed,
            Sequence = ++_sequence,
        };
        incident.EndUs = incident.State == IncidentState.Ended ? incident.LastUs : 0;
        if (_random.Next(2) == 0)
        {
            (incident.FromLevel, incident.ToLevel) = (21.4, 23.1);
        }

        for (var i = _random.Next(4); i > 0; i--)
        {
            incident.Sensors.Add(new IncidentSensor { Sensor = $"s{i}", Kind = IncidentKind.Spike, Value = double.PositiveInfinity, Text = "x" });
            incident.Detectors.Add($"detector-{i}");
        }

        return incident;
    }

    public ValueTask FlushAsync() => _producer.FlushAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => _producer.DisposeAsync();
}
