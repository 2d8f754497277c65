using Telemetry.Simulator.Machines;

namespace Telemetry.Operations.Scoring;

/// <summary>
/// Detectors that nobody should lose against, on the readings of one device: <c>3-sigma</c> (three deviations from the running mean of about a
/// hundred readings, latched until ten calm ones) and what <c>always</c> and <c>random</c> need to be worked out afterwards.
/// </summary>
internal sealed class DeviceBaselines
{
    private const double Alpha = 0.02;
    private const int WarmUp = 100;
    private const int CalmReadings = 10;

    private readonly Series[] _series = new Series[FleetPlan.SensorNames.Count];

    /// <summary>What 3-sigma raised.</summary>
    public List<ScoredAlarm> ThreeSigma { get; } = [];

    /// <summary>Readings of each sensor.</summary>
    public long ReadingsOf(int sensor) => _series[sensor].Count;

    public void Take(in TracedReading reading)
    {
        ref var series = ref _series[reading.Sensor];
        var distance = reading.Value - series.Mean;
        if (series.Count++ == 0)
        {
            series.Mean = reading.Value;
            return;
        }

        var strange = series.Count > WarmUp && distance * distance > 9 * series.Variance && distance != 0;
        if (strange && series.Calm == 0)
        {
            ThreeSigma.Add(new ScoredAlarm(FleetPlan.SensorNames[reading.Sensor], reading.EventTimeUs, "3-sigma", 0));
        }

        series.Calm = strange ? CalmReadings : Math.Max(0, series.Calm - 1);
        series.Mean += Alpha * distance;
        series.Variance = (1 - Alpha) * (series.Variance + (Alpha * distance * distance));
    }

    private struct Series
    {
        public double Mean;
        public double Variance;
        public long Count;
        public int Calm;
    }
}

/// <summary>The baselines over a fleet.</summary>
internal sealed class BaselineBoards(long intervalUs)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ScoreBoard _threeSigma = new(intervalUs);
    private readonly ScoreBoard _random = new(intervalUs);
    private readonly ScoreBoard _always = new(intervalUs);
    private readonly ScoreBoard _null = new(intervalUs);
    private ulong _state = 1;

    public void Add(ScoredDevice device, DeviceBaselines baselines)
    {
        _threeSigma.Add(device with { Alarms = baselines.ThreeSigma });
        _random.Add(device with { Alarms = Random(device) });
        _always.Add(device with { Alarms = Always(device, baselines) });
        _null.Add(device with { Alarms = [] });
    }

    public IReadOnlyList<BaselineScore> Scores() =>
    [
        BaselineScore.Of("3-sigma", _threeSigma),
        BaselineScore.Of("random", _random),
        BaselineScore.Of("always", _always),
        BaselineScore.Of("null", _null),
    ];

    /// <summary>As many alarms as were really raised, on the same sensors, at any time.</summary>
    private List<ScoredAlarm> Random(ScoredDevice device) =>
        [.. device.Alarms.Select(alarm => alarm with { TimeUs = device.StartUs + (long)(Unit() * (device.EndUs - device.StartUs)) })];

    /// <summary>An alarm at every tenth reading of every sensor that measures: latched alarms that are raised again as soon as they may.</summary>
    private static List<ScoredAlarm> Always(ScoredDevice device, DeviceBaselines baselines)
    {
        var alarms = new List<ScoredAlarm>();
        for (var sensor = 0; sensor < FleetPlan.SensorNames.Count; sensor++)
        {
            var count = FleetPlan.IsAnalog(sensor) ? baselines.ReadingsOf(sensor) / 10 : 0;
            for (var i = 0L; i < count; i++)
            {
                var time = device.StartUs + (long)((device.EndUs - device.StartUs) * ((double)i / count));
                alarms.Add(new ScoredAlarm(FleetPlan.SensorNames[sensor], time, "always", 0));
            }
        }

        return alarms;
    }

    private double Unit()
    {
        _state += Golden;
        var z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
