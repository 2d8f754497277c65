using System.Globalization;
using System.Text;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>
/// What a simulated fleet is: every device has a name, a type and a place, every sensor a unit and limits. The same options give the same catalogue. Devices are
/// entries of the devices themselves, sensors are patterns over all of them: people who say otherwise go before both.
/// </summary>
public static class FleetCatalogue
{
    private const int DevicesPerCell = 5;
    private const int CellsPerLine = 4;
    private const int LinesPerArea = 5;

    private static readonly string[] Sites = ["graz", "linz", "brno", "ostrava", "maribor"];
    private static readonly string[] Areas = ["forming", "assembly", "finishing", "casting"];
    private static readonly string[] Types = ["hydraulic-press", "servo-press", "bending-machine"];

    /// <summary>Tag of a device whose past was played at once: from and to, with a slash between. Nothing measured what is stored of that time.</summary>
    public const string HistoryTag = "simulated-history";

    /// <summary>What a device says of itself: its entry with its sensors, as a document (JSON, UTF-8).</summary>
    /// <param name="options">The fleet.</param>
    /// <param name="device">Name of one of its devices.</param>
    public static byte[] AnnouncementOf(SimulatorOptions options, string device)
    {
        var number = int.Parse(device.AsSpan(options.DevicePrefix.Length + 1), CultureInfo.InvariantCulture);
        var entry = Device(options.DevicePrefix, number, IntervalUs(options));
        foreach (var kind in Enum.GetValues<SensorKind>())
        {
            var sensor = Sensor(kind);
            sensor.Device = device;
            sensor.Sensor = SensorKinds.Name(kind);
            sensor.Unit = UcumUnit.SymbolOf(sensor.UnitCode);
            entry.Sensors.Add(sensor);
        }

        return Encoding.UTF8.GetBytes(CatalogueDocument.Of(entry));
    }

    /// <summary>The fleet's entries.</summary>
    /// <param name="options">The fleet.</param>
    /// <param name="start">When it begins, where it plays a past; null: devices with a past are not marked.</param>
    public static IEnumerable<CatalogueEntry> Of(SimulatorOptions options, DateTimeOffset? start = null)
    {
        var past = start is { } begin && options.History is { Ticks: > 0 } history
            ? $"{TimeText(begin - history)}/{TimeText(begin + options.HistoryWithin)}" : null;
        for (var device = 0; device < options.Devices; device++)
        {
            var entry = Device(options.DevicePrefix, device, IntervalUs(options));
            if (past is not null && device < options.HistoryDevices)
            {
                entry.Tags[HistoryTag] = past;
            }

            yield return entry;
        }

        foreach (var kind in Enum.GetValues<SensorKind>())
        {
            var entry = Sensor(kind);
            entry.Source = CatalogueSource.Pattern;
            entry.Device = options.DevicePrefix + "-*";
            entry.Sensor = SensorKinds.Name(kind);
            entry.Unit = UcumUnit.SymbolOf(entry.UnitCode);
            yield return entry;
        }
    }

    private static long IntervalUs(SimulatorOptions options) => (long)Math.Round(options.PublishInterval.TotalMilliseconds) * 1000;

    private static string TimeText(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static CatalogueEntry Device(string prefix, int device, long intervalUs)
    {
        var cell = device / DevicesPerCell;
        var line = cell / CellsPerLine;
        var area = line / LinesPerArea;
        var entry = new CatalogueEntry
        {
            Source = CatalogueSource.Device,
            Device = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{device:D5}"),
            DisplayName = string.Create(CultureInfo.InvariantCulture, $"Press {device}"),
            Description = "Simulated.",
            Type = Types[device % Types.Length],
            Enterprise = "acme",
            Site = Sites[area / Areas.Length % Sites.Length],
            Area = Areas[area % Areas.Length],
            Line = string.Create(CultureInfo.InvariantCulture, $"line-{line + 1}"),
            Cell = string.Create(CultureInfo.InvariantCulture, $"cell-{(cell % CellsPerLine) + 1}"),
            ExpectedIntervalUs = intervalUs,
        };
        entry.Tags["simulated"] = "";
        if (device % 20 == 0)
        {
            entry.Tags["critical"] = "";
        }

        return entry;
    }

    private static CatalogueEntry Sensor(SensorKind kind) => kind switch
    {
        SensorKind.Temperature => Analog("Hall temperature", "Cel", 1, -20, 60, lo: 5, hi: 35, hiHi: 45),
        SensorKind.BearingTemperature => Analog("Bearing temperature", "Cel", 1, 0, 120, hi: 80, hiHi: 95),
        SensorKind.Pressure => Analog("Hydraulic pressure", "bar", 2, 0, 250, lo: 20, hi: 200, hiHi: 230),
        SensorKind.Vibration => Analog("Vibration, velocity RMS", "mm/s", 2, 0, 50, hi: 4.5, hiHi: 7.1),
        SensorKind.Humidity => Analog("Hall humidity", "%", 1, 0, 100, hi: 80, hiHi: 90),
        SensorKind.Power => Analog("Drive power", "kW", 2, 0, 30, hi: 25),
        SensorKind.Flow => Analog("Coolant flow", "l/min", 1, 0, 40, hi: 30),
        SensorKind.Pieces => new CatalogueEntry { DisplayName = "Pieces made", UnitCode = "{pieces}", Kind = CatalogueKind.Counter, Decimals = 0 },
        _ => new CatalogueEntry
        {
            DisplayName = "Coolant valve", Kind = CatalogueKind.State, Decimals = 0, States = { [0] = "closed", [1] = "open" },
        },
    };

    private static CatalogueEntry Analog(
        string name, string unit, uint decimals, double low, double high, double? lo = null, double? hi = null, double? hiHi = null)
    {
        var entry = new CatalogueEntry { DisplayName = name, UnitCode = unit, Kind = CatalogueKind.Analog, Decimals = decimals, Low = low, High = high };
        if (lo is not null)
        {
            entry.Lo = lo.Value;
        }

        if (hi is not null)
        {
            entry.Hi = hi.Value;
        }

        if (hiHi is not null)
        {
            entry.HiHi = hiHi.Value;
        }

        return entry;
    }
}
