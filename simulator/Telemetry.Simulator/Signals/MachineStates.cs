namespace Telemetry.Simulator.Signals;

/// <summary>
/// What a machine of the hard fleet is doing: states of all lengths, half a minute to days, with levels of its own, inside the
/// shifts its plant works. Walks forward only.
/// </summary>
internal sealed class MachineStates
{
    private const double DayUs = 86_400e6;

    /// <summary>1970-01-01 was a Thursday: days from there to the Monday before.</summary>
    private const int DaysToMonday = 3;

    private readonly ulong _seed;
    private readonly ulong _device;
    private readonly double[] _levels;
    private readonly double _rampSeconds;
    private readonly double _firstHour;
    private readonly double _lastHour;
    private readonly bool _worksWeekends;
    private ulong _number;
    private double _level;
    private double _load;
    private long _untilUs;
    private long _lastUs;

    /// <param name="seed">Seed of the fleet.</param>
    /// <param name="device">Device number.</param>
    /// <param name="startUs">Start of the run, microseconds since 1970.</param>
    public MachineStates(ulong seed, int device, long startUs)
    {
        (_seed, _device, _untilUs, _lastUs) = (seed, (ulong)device, startUs, startUs);
        _levels = new double[2 + (int)(Unit(30) * 5)];
        for (var i = 1; i < _levels.Length; i++)
        {
            _levels[i] = 0.25 + (0.75 * Unit(31, (ulong)i));
        }

        // One machine in three changes its load at once, the others over up to 20 s.
        _rampSeconds = Unit(32) < 0.34 ? 0 : SeededHash.Between(2, 20, _seed, _device, 33);

        // Day and night, two shifts, or one; a quarter of those without nights work on weekends.
        var pattern = Unit(34);
        (_firstHour, _lastHour) = pattern < 0.4 ? (0, 24) : pattern < 0.75 ? (6, 22) : (6, 14);
        _worksWeekends = pattern < 0.4 || Unit(35) < 0.25;
        Go(startUs);
        _load = Target(startUs);
    }

    /// <summary>Load at a time, 0 (idle) to 1; values between two levels while it changes.</summary>
    public double At(long timeUs)
    {
        if (timeUs >= _untilUs)
        {
            Go(timeUs);
        }

        var target = Target(timeUs);
        var seconds = (timeUs - _lastUs) / 1e6;
        _lastUs = timeUs;
        if (_load != target)
        {
            _load = _rampSeconds <= 0 || seconds > 20 * _rampSeconds
                ? target
                : _load + ((target - _load) * (1 - Math.Exp(-seconds / _rampSeconds)));
            if (Math.Abs(_load - target) < 1e-4)
            {
                _load = target;
            }
        }

        return _load;
    }

    /// <summary>True within the hours its plant works (UTC).</summary>
    private bool Works(long timeUs)
    {
        var days = timeUs / DayUs;
        var weekday = ((long)days + DaysToMonday) % 7;
        var hour = (days - Math.Floor(days)) * 24;
        return hour >= _firstHour && hour < _lastHour && (_worksWeekends || weekday < 5);
    }

    private double Target(long timeUs) => Works(timeUs) ? _level : 0;

    private void Go(long timeUs)
    {
        while (timeUs >= _untilUs)
        {
            var number = _number++;
            var before = _level;
            var next = (int)(Unit(36, number) * _levels.Length);
            _level = _levels[next];
            if (_level == before)
            {
                _level = _levels[(next + 1) % _levels.Length];
            }

            // 30 s to 6 h, evenly on a scale of logarithms: half are shorter than 13 minutes. One in fifty lasts up to three days.
            var seconds = 30 * Math.Pow(720, Unit(37, number));
            if (Unit(38, number) < 0.02)
            {
                seconds = 3600 * SeededHash.Between(6, 72, _seed, _device, 39, number);
            }

            _untilUs += (long)(seconds * 1e6);
        }
    }

    private double Unit(ulong what, ulong number = 0) => SeededHash.Unit(_seed, _device, what, number);
}
