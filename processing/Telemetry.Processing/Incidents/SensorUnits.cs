using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Profiles;
using Telemetry.Streams;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// What the catalogue says of sensors, followed on its topic: units for the words of incidents, which what is found never depends on; and limits, rates and
/// kinds as they are now, which are in force where the log says so. Bounded: of sensors for which there is no room nothing is known. Safe for concurrent
/// use.
/// </summary>
internal sealed class SensorUnits(IRecordLog log, string topic, ILogger logger, TimeProvider time) : ISensorProfiles, IAsyncDisposable
{
    /// <summary>Some 200,000 sensors.</summary>
    private const long BytesMax = 96 << 20;

    private const int UnitLengthMax = 32;
    private const int RecordsMax = 1000;
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly CatalogueBook _book = new(BytesMax, FactsOf);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private volatile bool _isRead;

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

    /// <inheritdoc/>
    long ISensorProfiles.Version => _isRead ? _book.Version : -1;

    /// <inheritdoc/>
    SensorProfile? ISensorProfiles.Of(string device, string sensor) => ProfileOf(_book.Sensor(device, sensor));

    /// <summary>What detectors can use of an entry; null: nothing.</summary>
    internal static SensorProfile? ProfileOf(CatalogueEntry? entry)
    {
        if (entry is null)
        {
            return null;
        }

        var profile = new SensorProfile
        {
            LoLo = entry.HasLoLo ? entry.LoLo : null,
            Lo = entry.HasLo ? entry.Lo : null,
            Hi = entry.HasHi ? entry.Hi : null,
            HiHi = entry.HasHiHi ? entry.HiHi : null,
            RateLimitPerSecond = entry.HasRatePerMinute ? entry.RatePerMinute / 60 : null,
            Shape = entry.Kind switch
            {
                CatalogueKind.Analog => SeriesShape.Analog,
                CatalogueKind.State => SeriesShape.State,
                CatalogueKind.Counter => SeriesShape.Counter,
                _ => SeriesShape.Unknown,
            },
        };
        return profile == new SensorProfile() ? null : profile;
    }

    /// <summary>What is kept of an entry.</summary>
    private static CatalogueEntry FactsOf(CatalogueEntry entry)
    {
        var kept = new CatalogueEntry
        {
            Source = entry.Source, Device = entry.Device, Sensor = entry.Sensor, Deleted = entry.Deleted, Unit = entry.Unit, UnitCode = entry.UnitCode,
            Kind = entry.Kind,
        };
        Keep(entry.HasLoLo, entry.LoLo, value => kept.LoLo = value);
        Keep(entry.HasLo, entry.Lo, value => kept.Lo = value);
        Keep(entry.HasHi, entry.Hi, value => kept.Hi = value);
        Keep(entry.HasHiHi, entry.HiHi, value => kept.HiHi = value);
        Keep(entry.HasRatePerMinute, entry.RatePerMinute, value => kept.RatePerMinute = value);
        kept.Sensors.AddRange(entry.Sensors.Select(FactsOf));
        return kept;
    }

    private static void Keep(bool has, double value, Action<double> set)
    {
        if (has)
        {
            set(value);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = await log.AssignFromStartAsync(consumer, topic, cancellationToken);

        // Read anew, the topic says first what it said once: nothing follows from that.
        _isRead = false;
        _book.Clear();
        while (true)
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                Take(record.Value);
            }

            _isRead = _isRead || ends.All(end => consumer.Position(end.Key) >= end.Value);
        }
    }
}
