namespace Telemetry.Mqtt;

/// <summary>One property as it stands in the packet; spans point into the packet.</summary>
public readonly ref struct MqttProperty
{
    /// <summary>Which property this is.</summary>
    public MqttPropertyId Id { get; init; }

    /// <summary>Value of the integer types; 0 for the others.</summary>
    public uint Number { get; init; }

    /// <summary>Value of strings and binary data, and the value part of a user property.</summary>
    public ReadOnlySpan<byte> Value { get; init; }

    /// <summary>Name part of a user property; empty for all others.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>Identifier and value as encoded.</summary>
    public ReadOnlySpan<byte> Encoded { get; init; }
}
