using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Diagnostics;

/// <summary>How many alarms of the partitions of this process are in which state, as of the last commit.</summary>
internal sealed class StandingBoard : IDisposable
{
    private static readonly AlarmStatus[] Statuses = [.. AlarmNames.Statuses.Values];

    private readonly Meter _meter = new("Telemetry.Alarms.Standing");
    private readonly ConcurrentDictionary<object, long[]> _counts = new();

    public StandingBoard() => _meter.CreateObservableGauge(
        "telemetry.alarms.standing", Measure, "{alarm}", "Alarms known to this process, by status.");

    public void Set(object partition, IEnumerable<Alarm> alarms)
    {
        var counts = new long[Statuses.Length + 1];
        foreach (var alarm in alarms)
        {
            counts[Math.Clamp((int)alarm.Status, 0, Statuses.Length)]++;
        }

        _counts[partition] = counts;
    }

    public void Remove(object partition) => _counts.TryRemove(partition, out _);

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Measure() => Statuses.Select(status => new Measurement<long>(
        _counts.Values.Sum(counts => counts[(int)status]), new KeyValuePair<string, object?>("status", AlarmNames.Of(status))));
}
