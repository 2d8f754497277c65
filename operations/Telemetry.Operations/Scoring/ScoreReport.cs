using Telemetry.Evaluation.Events;

namespace Telemetry.Operations.Scoring;

/// <summary>Faults of one kind (or magnitude, channel, day).</summary>
/// <param name="Name">Which.</param>
/// <param name="Faults">How many there were.</param>
/// <param name="Found">How many were found.</param>
/// <param name="Recall">Share found; null without faults.</param>
/// <param name="Precision">Found over found and the false alarms of this kind; null where alarms cannot be told apart so.</param>
/// <param name="MedianDelaySeconds">From the first reading touched to the alarm; null if none was found.</param>
/// <param name="MedianDelayIntervals">The same in readings of the channel; of a dropout in readings of the device.</param>
public sealed record ScoreRow(
    string Name, int Faults, int Found, double? Recall, double? Precision, double? MedianDelaySeconds, double? MedianDelayIntervals);

/// <summary>Totals.</summary>
public sealed record ScoreTotals
{
    /// <summary>Over the channels that measure a quantity.</summary>
    public double? AnalogPrecision { get; init; }

    /// <summary>The same.</summary>
    public double? AnalogRecall { get; init; }

    /// <summary>Over all channels and the devices as such.</summary>
    public double? Precision { get; init; }

    /// <summary>The same.</summary>
    public double? Recall { get; init; }

    /// <summary>False alarms on devices with faults.</summary>
    public int FalseAlarms { get; init; }

    /// <summary>False alarms a device-day on fault-free devices, all channels.</summary>
    public double? CleanAlarmsPerDeviceDay { get; init; }

    /// <summary>The same in the first hour of a device.</summary>
    public double? CleanAlarmsPerDeviceDayFirstHour { get; init; }

    /// <summary>The same after its first day.</summary>
    public double? CleanAlarmsPerDeviceDayAfterDay { get; init; }

    internal static ScoreTotals Of(ScoreBoard board) => new()
    {
        AnalogPrecision = Number(board.Analog.Precision),
        AnalogRecall = Number(board.Analog.Recall),
        Precision = Number(board.All.Precision),
        Recall = Number(board.All.Recall),
        FalseAlarms = board.All.FalseAlarms,
        CleanAlarmsPerDeviceDay = Number(board.CleanAlarms / board.CleanDays),
        CleanAlarmsPerDeviceDayFirstHour = Number(24 * board.CleanAlarmsFirstHour / board.CleanFirstHours),
        CleanAlarmsPerDeviceDayAfterDay = Number(board.CleanAlarmsAfterDay / board.CleanDaysAfterDay),
    };

    internal static double? Number(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>A baseline's totals.</summary>
public sealed record BaselineScore(string Name, ScoreTotals Totals)
{
    internal static BaselineScore Of(string name, ScoreBoard board) => new(name, ScoreTotals.Of(board));
}

/// <summary>Result of scoring. Numbers that cannot be worked out are null.</summary>
public sealed record ScoreReport
{
    /// <summary>Devices with faults.</summary>
    public int Devices { get; init; }

    /// <summary>Devices without.</summary>
    public int CleanDevices { get; init; }

    /// <summary>Days of the devices without faults, together.</summary>
    public double CleanDays { get; init; }

    /// <summary>Readings judged; 0 where they were not counted.</summary>
    public long Readings { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Totals.</summary>
    public ScoreTotals Totals { get; init; } = new();

    /// <summary>By kind of fault.</summary>
    public IReadOnlyList<ScoreRow> ByKind { get; init; } = [];

    /// <summary>By kind and magnitude, in units of the quiet noise.</summary>
    public IReadOnlyList<ScoreRow> ByMagnitude { get; init; } = [];

    /// <summary>By channel.</summary>
    public IReadOnlyList<ScoreRow> ByChannel { get; init; } = [];

    /// <summary>By day since the start, analog channels.</summary>
    public IReadOnlyList<ScoreRow> ByDay { get; init; } = [];

    /// <summary>False alarms on devices with faults, by what they were taken for.</summary>
    public IReadOnlyDictionary<string, int> FalseByKind { get; init; } = new Dictionary<string, int>();

    /// <summary>False alarms on fault-free devices, by channel.</summary>
    public IReadOnlyDictionary<string, int> CleanByChannel { get; init; } = new Dictionary<string, int>();

    /// <summary>Alarms that a condition explains, neither right nor false, by condition.</summary>
    public IReadOnlyDictionary<string, int> Explained { get; init; } = new Dictionary<string, int>();

    /// <summary>Every fault; not part of the JSON.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<ScoredFault> Faults { get; init; } = [];

    /// <summary>Baselines on the same readings.</summary>
    public IReadOnlyList<BaselineScore> Baselines { get; init; } = [];

    internal static ScoreReport Of(ScoreBoard board, BaselineBoards? baselines, long readings, TimeSpan took) => new()
    {
        Devices = board.Devices,
        CleanDevices = board.CleanDevices,
        CleanDays = board.CleanDays,
        Readings = readings,
        Seconds = took.TotalSeconds,
        Totals = ScoreTotals.Of(board),
        ByKind = Rows(board.All.ByKind, kind => board.All.FalseByKind.GetValueOrDefault(kind == "dropout" ? "silent" : kind)),
        ByMagnitude = [.. Rows(board.All.ByMagnitude).OrderBy(row => row.Name, MagnitudeOrder.Instance)],
        ByChannel = Rows(board.All.BySensor, board.All.FalseBySensor.GetValueOrDefault),
        ByDay = [.. board.Analog.ByDay.Select(day => Row($"{day.Key}", day.Value, null))],
        FalseByKind = new Dictionary<string, int>(board.All.FalseByKind),
        CleanByChannel = new Dictionary<string, int>(board.CleanBySensor),
        Explained = new Dictionary<string, int>(board.Explained),
        Faults = board.Faults,
        Baselines = baselines?.Scores() ?? [],
    };

    private static List<ScoreRow> Rows(IReadOnlyDictionary<string, Tally> tallies, Func<string, int>? falseOf = null) =>
        [.. tallies.Select(pair => Row(pair.Key, pair.Value, falseOf?.Invoke(pair.Key)))];

    private static ScoreRow Row(string name, Tally tally, int? falseAlarms) => new(
        name,
        tally.Faults,
        tally.Found,
        ScoreTotals.Number(tally.Recall),
        falseAlarms is { } wrong ? ScoreTotals.Number((double)tally.Found / (tally.Found + wrong)) : null,
        ScoreTotals.Number(tally.MedianDelaySeconds),
        ScoreTotals.Number(tally.MedianDelayReadings));

    /// <summary>By kind, then by number: 9-13.5 before 13.5-20.3.</summary>
    private sealed class MagnitudeOrder : IComparer<string>
    {
        public static MagnitudeOrder Instance { get; } = new();

        public int Compare(string? x, string? y)
        {
            var (a, b) = (Split(x!), Split(y!));
            var kind = string.CompareOrdinal(a.Kind, b.Kind);
            return kind != 0 ? kind : a.Low.CompareTo(b.Low);
        }

        private static (string Kind, double Low) Split(string name)
        {
            var space = name.IndexOf(' ', StringComparison.Ordinal);
            var low = space < 0 ? "0" : name[(space + 1)..].Split('-')[0];
            return (space < 0 ? name : name[..space], double.Parse(low, System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
