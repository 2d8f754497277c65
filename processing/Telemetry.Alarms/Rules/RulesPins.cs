using System.Text;
using Telemetry.Alarms.Folding;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;

namespace Telemetry.Alarms.Rules;

/// <summary>
/// Which rules are in force in one partition, and from which offset on. It is told on the log in the commit of the first records under them, so a
/// replay judges every record by the rules it was judged by.
/// </summary>
/// <param name="group">Consumer group.</param>
/// <param name="partition">Partition of its input.</param>
/// <param name="kept">What is on the log of it, in the order of the offsets.</param>
internal sealed class RulesPins(string group, int partition, IReadOnlyList<RulesPin> kept)
{
    private readonly List<RulesPin> _pins = [.. kept];
    private int _told = kept.Count;

    public bool IsEmpty => _told == _pins.Count;

    /// <summary>Rules are in force from an offset on that is not processed yet.</summary>
    public void Put(AlarmRules rules, long offset)
    {
        var before = _pins.Count > 0 ? _pins[^1].Fingerprint : AlarmRules.Default.Fingerprint;
        if (rules.Fingerprint == before)
        {
            return;
        }

        if (_pins.Count > 0 && _pins[^1].Offset == offset)
        {
            var all = _pins[^1].All.Append(rules.Fingerprint).TakeLast(RulesPin.ChangesMax);
            _pins[^1] = _pins[^1] with { Fingerprints = string.Join(' ', all) };
            _told = Math.Min(_told, _pins.Count - 1);
        }
        else
        {
            _pins.Add(new RulesPin(group, partition, offset, rules.Fingerprint));
        }
    }

    /// <summary>Moves what is new to a commit.</summary>
    public void Collect(FoldChanges changes, long timeMs)
    {
        foreach (var pin in _pins.Skip(_told))
        {
            changes.Outputs.Add(new FoldRecord(LogTopics.AlarmRules, pin.Key, Encoding.ASCII.GetBytes(pin.Fingerprints), timeMs));
        }

        var old = Math.Max(0, _pins.Count - RulesPin.KeptMax);
        foreach (var pin in _pins.Take(old))
        {
            changes.Outputs.Add(new FoldRecord(LogTopics.AlarmRules, pin.Key, [], timeMs));
        }

        _pins.RemoveRange(0, old);
        _told = _pins.Count;
    }
}
