using Telemetry.Contracts.Measurement;
using Telemetry.Evaluation.Events;
using Telemetry.Simulator.Machines;

namespace Telemetry.Operations.Scoring;

/// <summary>Adds devices up: faults found and missed, alarms right, false, and explained by a condition.</summary>
/// <param name="intervalUs">Time between two readings of a device.</param>
public sealed class ScoreBoard(long intervalUs)
{
    /// <summary>Name of the device as a whole among the sensors.</summary>
    public const string WholeDevice = "(device)";

    private const double DayUs = 86_400e6;
    private readonly MatchRules _rules = new();
    private readonly SortedDictionary<string, int> _explained = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _cleanBySensor = new(StringComparer.Ordinal);

    private readonly List<ScoredFault> _faults = [];

    /// <summary>Every fault, and what became of it.</summary>
    public IReadOnlyList<ScoredFault> Faults => _faults;

    /// <summary>Over the channels that measure a quantity.</summary>
    public EventScore Analog { get; } = new(new MatchRules());

    /// <summary>Over all channels and the devices as such.</summary>
    public EventScore All { get; } = new(new MatchRules());

    /// <summary>Alarms that a condition explains, by kind of condition.</summary>
    public IReadOnlyDictionary<string, int> Explained => _explained;

    /// <summary>False alarms on fault-free devices, by sensor.</summary>
    public IReadOnlyDictionary<string, int> CleanBySensor => _cleanBySensor;

    /// <summary>Devices with faults.</summary>
    public int Devices { get; private set; }

    /// <summary>Devices without.</summary>
    public int CleanDevices { get; private set; }

    /// <summary>Days of the devices without faults, together.</summary>
    public double CleanDays { get; private set; }

    /// <summary>False alarms on them.</summary>
    public int CleanAlarms => _cleanBySensor.Values.Sum();

    /// <summary>Those of the first hour.</summary>
    public int CleanAlarmsFirstHour { get; private set; }

    /// <summary>Those after the first day.</summary>
    public int CleanAlarmsAfterDay { get; private set; }

    /// <summary>Days behind the first day, together.</summary>
    public double CleanDaysAfterDay { get; private set; }

    /// <summary>Hours within the first one, together.</summary>
    public double CleanFirstHours { get; private set; }

    /// <summary>Takes a device.</summary>
    public void Add(ScoredDevice device)
    {
        List<PlayedLabel> conditions = [.. device.Labels.Where(label => !label.IsFault)];
        var alarms = new Dictionary<string, List<ScoredAlarm>>();
        foreach (var alarm in device.Alarms.OrderBy(a => a.TimeUs))
        {
            if (ConditionRules.Explain(conditions, alarm, intervalUs) is { } kind)
            {
                _explained[kind] = _explained.GetValueOrDefault(kind) + 1;
            }
            else
            {
                ListOf(alarms, Name(alarm.Sensor)).Add(alarm);
            }
        }

        if (device.IsFaultFree)
        {
            AddClean(device, alarms);
        }
        else
        {
            AddFaulty(device, alarms);
        }
    }

    private void AddClean(ScoredDevice device, Dictionary<string, List<ScoredAlarm>> alarms)
    {
        CleanDevices++;
        var span = device.EndUs - device.StartUs;
        CleanDays += span / DayUs;
        CleanDaysAfterDay += Math.Max(0, span - DayUs) / DayUs;
        CleanFirstHours += Math.Min(span, UnixMicros.PerHour) / (double)UnixMicros.PerHour;
        foreach (var (sensor, raised) in alarms)
        {
            _cleanBySensor[sensor] = _cleanBySensor.GetValueOrDefault(sensor) + raised.Count;
            CleanAlarmsFirstHour += raised.Count(a => a.TimeUs < device.StartUs + UnixMicros.PerHour);
            CleanAlarmsAfterDay += raised.Count(a => a.TimeUs >= device.StartUs + DayUs);
        }
    }

    private void AddFaulty(ScoredDevice device, Dictionary<string, List<ScoredAlarm>> alarms)
    {
        Devices++;
        List<PlayedLabel> faults = [.. device.Labels.Where(label => label.IsFault).OrderBy(label => label.StartUs)];
        foreach (var fault in faults.Where(f => f.Sensors.Count > 1))
        {
            MoveToLead(fault, alarms);
        }

        var names = faults.Select(LeadOf).Concat(alarms.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var name in names)
        {
            List<FaultLabel> labels = [.. faults.Where(f => LeadOf(f) == name).Select(f => new FaultLabel(f.Kind, f.StartUs, f.EndUs, f.Size))];
            List<RaisedAlarm> raised = [.. ListOf(alarms, name).OrderBy(a => a.TimeUs).Select(a => new RaisedAlarm(a.TimeUs, a.Kind, a.Score))];
            var sensor = FleetPlan.SensorIndex(name);
            var interval = sensor < 0 ? intervalUs : intervalUs * FleetPlan.ReadingsBetween(sensor);
            All.Add(name, device.StartUs, interval, labels, raised, (fault, alarm) => _faults.Add(new ScoredFault(
                device.Device,
                name,
                fault.Kind,
                fault.Size,
                fault.StartMicros,
                (int)((fault.EndMicros - fault.StartMicros) / interval) + 1,
                (fault.StartMicros - device.StartUs) / DayUs,
                alarm is { } found ? (found.TimeMicros - fault.StartMicros) * 1e-6 : null,
                alarm is { } told ? ListOf(alarms, name).Find(a => a.TimeUs == told.TimeMicros).Text ?? "" : "")));
            if (sensor >= 0 && FleetPlan.IsAnalog(sensor))
            {
                Analog.Add(name, device.StartUs, interval, labels, raised);
            }
        }
    }

    /// <summary>One cause on two sensors is one fault: an alarm on either finds it, and the other's is right as well.</summary>
    private void MoveToLead(PlayedLabel fault, Dictionary<string, List<ScoredAlarm>> alarms)
    {
        var grace = _rules.KindsWithGrace.Contains(fault.Kind) ? _rules.GraceReadings * intervalUs * 16 : 0;
        foreach (var other in fault.Sensors.Skip(1))
        {
            var list = ListOf(alarms, other);
            var inside = list.FindAll(a => a.TimeUs >= fault.StartUs && a.TimeUs <= fault.EndUs + grace);
            list.RemoveAll(inside.Contains);
            ListOf(alarms, fault.Sensors[0]).AddRange(inside);
        }
    }

    private static string LeadOf(PlayedLabel fault) => Name(fault.Sensors.Count == 0 ? "" : fault.Sensors[0]);

    private static string Name(string sensor) => sensor.Length == 0 ? WholeDevice : sensor;

    private static List<ScoredAlarm> ListOf(Dictionary<string, List<ScoredAlarm>> alarms, string name)
    {
        if (!alarms.TryGetValue(name, out var list))
        {
            alarms.Add(name, list = []);
        }

        return list;
    }
}
