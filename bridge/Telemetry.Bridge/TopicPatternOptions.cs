namespace Telemetry.Bridge;

/// <summary>Topics whose publishes are readings although they have not our topic or not our JSON.</summary>
public sealed record TopicPatternOptions
{
    /// <summary>
    /// Levels divided by <c>/</c>: plain text, <c>+</c> for any one level, <c>{device}</c> for the one that names the device, <c>{sensor}</c>
    /// for the one that names the sensor. For example <c>plant/+/{device}/{sensor}</c>. No default.
    /// </summary>
    public string Pattern { get; init; } = "";

    /// <summary>Shapes taken there besides our own: Flat, Value, Array, or several with commas between. Default None.</summary>
    public PayloadShapes Shapes { get; init; } = PayloadShapes.None;

    /// <summary>Member of a flat object that holds its time. Default none: the time of arrival counts.</summary>
    public string? TimeMember { get; init; }

    /// <summary>Members of a flat object that are passed over, with all that is in them. Default none.</summary>
    public string[] Ignore { get; init; } = [];

    /// <summary>Null, or what is wrong with it and what to do.</summary>
    internal string? Problem()
    {
        var levels = Pattern.Split('/');
        var devices = levels.Count(level => level == "{device}");
        var sensors = levels.Count(level => level == "{sensor}");
        if (Pattern.Length == 0)
        {
            return "is empty. Give for example plant/+/{device}/{sensor}.";
        }

        if (devices != 1 || sensors > 1)
        {
            return $"names the device {devices} times and the sensor {sensors} times. Give {{device}} once and {{sensor}} once or not at all.";
        }

        if (levels.FirstOrDefault(level => level is not ("{device}" or "{sensor}" or "+") && level.AsSpan().ContainsAny("{}+#\0")) is { } bad)
        {
            return $"has the level '{bad}'. A level is plain text, + for any, {{device}} or {{sensor}}; # is not taken.";
        }

        if (levels.All(level => level is "{device}" or "{sensor}" or "+"))
        {
            return "has no level of plain text and would take every topic of its length. Begin it with one.";
        }

        if (Pattern.StartsWith('$') || (Pattern.StartsWith("telemetry/v1/", StringComparison.Ordinal) && Pattern != "telemetry/v1/{device}/readings"))
        {
            return "lies in a name space with a meaning of its own. Below telemetry/v1/ only telemetry/v1/{device}/readings may be given.";
        }

        return Shapes.HasFlag(PayloadShapes.Value) && sensors == 0
            ? "takes Value, a bare number, and has no {sensor}: nothing would name the sensor. Add {sensor} or take Value out."
            : null;
    }
}
