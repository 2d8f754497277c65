using Telemetry.Contracts.Alarms;

namespace Telemetry.Alarms.Rules;

/// <summary>A rule with what it remembers, as one sensor meets it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="State">Its state.</param>
/// <param name="IsFirst">Of an expression: the sensor is the one named first.</param>
internal sealed record RuleWatch(AlarmRule Rule, RuleState State, bool IsFirst);

/// <summary>The rules that look at one device, and what they remember of it.</summary>
internal sealed class DeviceRules(string name, byte[] key)
{
    private readonly SortedDictionary<(string Rule, string Sensor), RuleState> _states = new(Comparer<(string Rule, string Sensor)>.Create(static (a, b) =>
        string.CompareOrdinal(a.Rule, b.Rule) is var order && order != 0 ? order : string.CompareOrdinal(a.Sensor, b.Sensor)));

    private readonly Dictionary<string, RuleWatch[]> _bySensor = [];

    public string Name { get; } = name;

    /// <summary>Name as it is on the log.</summary>
    public byte[] Key { get; } = key;

    /// <summary>Changed since the last commit.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Rules whose pattern the device meets; groups among them.</summary>
    public AlarmRule[] Rules { get; private set; } = [];

    /// <summary>Rules that watch for its absence.</summary>
    public RuleWatch[] Absences { get; private set; } = [];

    public IEnumerable<RuleState> States => _states.Values;

    public int Count => _states.Count;

    public void Add(RuleState state) => _states[(state.Rule, state.Sensor)] = state;

    public void Remove(RuleState state) => _states.Remove((state.Rule, state.Sensor));

    /// <summary>Other rules are in force. Call before anything else.</summary>
    public void Use(AlarmRules rules)
    {
        Rules = [.. rules.Rules.Where(r => r.Devices.IsMatch(Name))];
        _bySensor.Clear();
        Absences = [.. Rules.Where(r => r is { Type: RuleType.Absent, Sensors: null }).Select(r => new RuleWatch(r, StateOf(r.Name, ""), false))];
    }

    /// <summary>The rules that look at a sensor.</summary>
    public RuleWatch[] OfSensor(string sensor)
    {
        if (!_bySensor.TryGetValue(sensor, out var watches))
        {
            watches =
            [
                .. Rules.Where(r => r.Type is not RuleType.Group && Sees(r, sensor))
                    .Select(r => new RuleWatch(r, StateOf(r.Name, r.Type == RuleType.Expression ? "" : sensor), r.Expression?.First == sensor)),
            ];
            _bySensor.Add(sensor, watches);
        }

        return watches;
    }

    /// <summary>The rule of a state, as it is in force; null: none is.</summary>
    public AlarmRule? RuleOf(RuleState state) => Rules.FirstOrDefault(r =>
        r.Name == state.Rule && r.Type != RuleType.Group
        && (r.Type is RuleType.Expression ? state.Sensor.Length == 0 : state.Sensor.Length == 0 ? r.Sensors is null : r.Sensors?.IsMatch(state.Sensor) == true));

    private static bool Sees(AlarmRule rule, string sensor) => rule.Type == RuleType.Expression
        ? rule.Expression!.First == sensor || rule.Expression.Second == sensor
        : rule.Sensors?.IsMatch(sensor) == true;

    private RuleState StateOf(string rule, string sensor)
    {
        if (!_states.TryGetValue((rule, sensor), out var state))
        {
            state = new RuleState(rule, sensor);
            _states.Add((rule, sensor), state);
        }

        return state;
    }
}
