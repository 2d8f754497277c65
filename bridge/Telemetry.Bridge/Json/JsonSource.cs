namespace Telemetry.Bridge.Json;

/// <summary>What is known of a JSON payload before it is read.</summary>
internal readonly ref struct JsonSource
{
    /// <summary>Device of the topic, used when the payload names none.</summary>
    public required ReadOnlySpan<byte> Device { get; init; }

    /// <summary>Sensor of the topic; empty when the topic names none.</summary>
    public ReadOnlySpan<byte> Sensor { get; init; }

    /// <summary>Event time of readings without one: the time of arrival.</summary>
    public required long NowUs { get; init; }

    /// <summary>Which shapes are taken besides the batch and the single reading.</summary>
    public PayloadShape Shape { get; init; }
}
