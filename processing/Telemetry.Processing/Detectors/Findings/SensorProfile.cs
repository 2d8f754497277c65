namespace Telemetry.Processing.Detectors;

/// <summary>What kind of quantity a series is. Recognised from the readings unless the profile says.</summary>
public enum SeriesShape : byte
{
    /// <summary>Not known: recognise it.</summary>
    Unknown = 0,

    /// <summary>A measured quantity.</summary>
    Analog = 1,

    /// <summary>A few states, as 0 and 1.</summary>
    State = 2,

    /// <summary>Counts up, and begins again after a reset.</summary>
    Counter = 3,
}

/// <summary>Limits of a measured quantity, from the lowest to the highest.</summary>
public enum LimitLevel : sbyte
{
    /// <summary>At or below it the equipment is in danger.</summary>
    LoLo = -2,

    /// <summary>At or below it somebody should look.</summary>
    Lo = -1,

    /// <summary>None crossed.</summary>
    None = 0,

    /// <summary>At or above it somebody should look.</summary>
    Hi = 1,

    /// <summary>At or above it the equipment is in danger.</summary>
    HiHi = 2,
}

/// <summary>What is known of a sensor beforehand; every part may be missing. Immutable, shared by all series of the sensor.</summary>
public sealed record SensorProfile
{
    /// <summary>A value at or below it is a finding of the higher severity; null: no such limit.</summary>
    public double? LoLo { get; init; }

    /// <summary>A value at or below it is a finding; null: no such limit.</summary>
    public double? Lo { get; init; }

    /// <summary>A value at or above it is a finding; null: no such limit.</summary>
    public double? Hi { get; init; }

    /// <summary>A value at or above it is a finding of the higher severity; null: no such limit.</summary>
    public double? HiHi { get; init; }

    /// <summary>Largest change allowed, units a second, either way; null: any.</summary>
    public double? RateLimitPerSecond { get; init; }

    /// <summary>What the quantity is; unknown: recognised.</summary>
    public SeriesShape Shape { get; init; }

    /// <summary>What is wrong with this profile, one sentence each; empty when it can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        (string Name, double? Value)[] limits = [(nameof(LoLo), LoLo), (nameof(Lo), Lo), (nameof(Hi), Hi), (nameof(HiHi), HiHi)];
        (string Name, double Value)[] given = [.. limits.Where(l => l.Value is not null).Select(l => (l.Name, l.Value!.Value))];
        problems.AddRange(given.Where(l => !double.IsFinite(l.Value)).Select(l => $"{l.Name} must be a finite number"));
        for (var i = 1; i < given.Length; i++)
        {
            if (given[i].Value <= given[i - 1].Value)
            {
                problems.Add(FormattableString.Invariant(
                    $"{given[i].Name} is {given[i].Value}; it must be above {given[i - 1].Name}, {given[i - 1].Value}"));
            }
        }

        if (RateLimitPerSecond is { } rate && !(rate > 0 && double.IsFinite(rate)))
        {
            problems.Add(FormattableString.Invariant($"{nameof(RateLimitPerSecond)} is {rate}; it must be above 0"));
        }

        if (!Enum.IsDefined(Shape))
        {
            problems.Add($"{nameof(Shape)} is {Shape}; give {string.Join(", ", Enum.GetNames<SeriesShape>())}");
        }

        return problems;
    }

    /// <summary>The limit a value crosses, the outer one first, and its number.</summary>
    internal LimitLevel Crossed(double value, out double limit)
    {
        var level = value >= HiHi ? LimitLevel.HiHi
            : value <= LoLo ? LimitLevel.LoLo
            : value >= Hi ? LimitLevel.Hi
            : value <= Lo ? LimitLevel.Lo
            : LimitLevel.None;
        limit = level switch
        {
            LimitLevel.HiHi => HiHi!.Value,
            LimitLevel.LoLo => LoLo!.Value,
            LimitLevel.Hi => Hi!.Value,
            LimitLevel.Lo => Lo!.Value,
            _ => 0,
        };
        return level;
    }
}
