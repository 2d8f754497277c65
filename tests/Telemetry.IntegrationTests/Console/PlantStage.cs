using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Alarms;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Detection;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Processing;
using Telemetry.Query.Detection;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Console;

/// <summary>The console over a real log with the alarms role: what is raised here stands in the browser. <c>press-01</c> has an oil temperature, and a flow with two spikes.</summary>
public sealed class PlantStage(EngineFixture engine) : BrowserStage(engine)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-plant-");
    private JournalLog? _log;
    private AlarmsRole? _role;
    private IRecordProducer? _producer;
    private DetectorDesk? _detectors;

    internal override IDetectorDesk? Detectors => _detectors;

    internal override async Task<IRecordLog> OpenLogAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions { Partitions = 2 }), CancellationToken.None);
        _producer = _log.CreateProducer(new ProducerOptions());
        _role = new AlarmsRole(_log, new AlarmsOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await _role.StartAsync(CancellationToken.None);
        _detectors = new DetectorDesk(_log, Store.ClickHouse, new ProcessingOptions(), NullLogger<DetectorDesk>.Instance, TimeProvider.System);
        _detectors.Start();
        return _log;
    }

    internal override async Task CloseLogAsync()
    {
        if (_log is not null)
        {
            await _role!.StopAsync(CancellationToken.None);
            await _role.DisposeAsync();
            await _detectors!.DisposeAsync();
            await _producer!.DisposeAsync();
            await _log.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal override async Task FillAsync()
    {
        var begin = Text(Now() - (720 * 5_000_000L));
        await Store.InsertAsync(QueryStore.Rows("press-01", "oil", $"{begin} + number * 5000000", 720, "60 + number % 7"));

        // Two spikes that a detector finds, in noise that it does not.
        await Store.InsertAsync(QueryStore.Rows("press-01", "flow", $"{begin} + number * 5000000", 720, "if(number IN (400, 550), 50., 20 + (sipHash64(number) % 1000) / 2500.)"));
        SpikesAt = [.. new[] { 400, 550 }.Select(i => long.Parse(begin, System.Globalization.CultureInfo.InvariantCulture) + (i * 5_000_000L))];
    }

    /// <summary>When the flow of press-01 has spikes, microseconds.</summary>
    public IReadOnlyList<long> SpikesAt { get; private set; } = [];

    /// <summary>An alarm begins; answers its id.</summary>
    internal string Raise(string device, string source, AlarmPriority priority, string text)
    {
        var input = new AlarmInput
        {
            Condition = new AlarmCondition { Device = device, Sensor = "oil", Source = source, Kind = "threshold", Active = true, Priority = priority, Text = text, Value = 91.5 },
        };
        _producer!.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.AlarmInputs, Key = Encoding.ASCII.GetBytes(device), Value = input.ToByteArray(), TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            },
            null,
            0).ShouldBeTrue();
        return AlarmId.Of(device, "oil", source);
    }
}
