using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Operations.Scoring;

/// <summary>
/// Makes alarms of what the pipeline writes: of each incident one for each sensor that shows it, at the moment it was raised, and one for a
/// device that is silent. An anomaly without an incident is an alarm of its own.
/// </summary>
internal sealed class AlarmCollector
{
    private readonly Dictionary<string, List<ScoredAlarm>> _alarms = [];
    private readonly HashSet<(string Incident, string Sensor)> _known = [];

    /// <summary>Where the alarm of a sensor of an incident is.</summary>
    private readonly Dictionary<(string Incident, string Sensor), (List<ScoredAlarm> List, int Index)> _places = [];

    public void Take(Anomaly anomaly)
    {
        if (anomaly.IncidentId.Length == 0 || _known.Add((anomaly.IncidentId, anomaly.Sensor)))
        {
            var score = anomaly.PValue > 0 ? -Math.Log10(anomaly.PValue) : anomaly.Score;
            Add(anomaly.Device, anomaly.IncidentId, new ScoredAlarm(anomaly.Sensor, anomaly.EventTimeUs, KebabCase.Of(anomaly.Kind.ToString()), score));
        }
    }

    public void Take(Incident incident)
    {
        if (incident.Sensor.Length == 0 && incident.Revision == 1)
        {
            Add(incident.Device, incident.Id, new ScoredAlarm("", incident.LastUs, KebabCase.Of(incident.Kind.ToString()), incident.Score));
        }

        foreach (var sensor in incident.Sensors)
        {
            Describe(incident.Id, sensor.Sensor, sensor.Text);
        }

        if (incident.Sensor.Length == 0)
        {
            Describe(incident.Id, "", incident.Text);
        }
    }

    /// <summary>Alarms of a device, as they came.</summary>
    public IReadOnlyList<ScoredAlarm> Of(string device) => _alarms.GetValueOrDefault(device) ?? [];

    private void Describe(string incident, string sensor, string text)
    {
        if (_places.TryGetValue((incident, sensor), out var place))
        {
            place.List[place.Index] = place.List[place.Index] with { Text = text };
        }
    }

    private void Add(string device, string incident, in ScoredAlarm alarm)
    {
        if (!_alarms.TryGetValue(device, out var list))
        {
            _alarms.Add(device, list = []);
        }

        if (incident.Length > 0)
        {
            _places[(incident, alarm.Sensor)] = (list, list.Count);
        }

        list.Add(alarm);
    }
}
