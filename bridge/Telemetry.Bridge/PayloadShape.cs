namespace Telemetry.Bridge;

/// <summary>Shapes of JSON payloads that are taken besides the batch and the single reading.</summary>
[Flags]
public enum PayloadShapes
{
    /// <summary>No others.</summary>
    None = 0,

    /// <summary>
    /// An object whose members are the sensors: <c>{"temperature": 21.5, "battery": {"voltage": 3.01}}</c> is two readings,
    /// of temperature and of battery.voltage.
    /// </summary>
    Flat = 1,

    /// <summary>A bare number; device and sensor come from the topic.</summary>
    Value = 2,

    /// <summary>An array of readings, of flat objects where <see cref="Flat"/> is taken too.</summary>
    Array = 4,
}

/// <summary>What a topic pattern says about payloads.</summary>
/// <param name="Shapes">Shapes taken.</param>
/// <param name="TimeMember">Member of a flat object that holds its time; null: none does.</param>
/// <param name="Ignore">Members of a flat object that are passed over, with all that is in them.</param>
internal readonly record struct PayloadShape(PayloadShapes Shapes, string? TimeMember, string[]? Ignore)
{
    public bool Takes(PayloadShapes shape) => (Shapes & shape) != 0;
}
