namespace Telemetry.Mqtt;

/// <summary>Topic names: what a publish carries, MQTT 5.0 section 4.7.</summary>
public static class TopicName
{
    /// <summary>True for 1 to 65,535 bytes of well-formed UTF-8 without U+0000, <c>+</c> and <c>#</c>.</summary>
    public static bool IsValid(ReadOnlySpan<byte> topicName) => TryCheck(topicName, out _);

    /// <summary>As <see cref="IsValid"/>, with the reason.</summary>
    public static bool TryCheck(ReadOnlySpan<byte> topicName, out MqttError error)
    {
        if (topicName.IsEmpty)
        {
            error = MqttError.Malformed("MQTT-4.7.3-1", "A Topic Name must have at least one character.");
            return false;
        }
        if (topicName.Length > MqttUtf8.MaxLength)
        {
            error = MqttError.Malformed("MQTT-4.7.3-3", "A Topic Name must not be longer than 65,535 bytes.");
            return false;
        }
        if (topicName.ContainsAny((byte)'+', (byte)'#'))
        {
            error = MqttError.Malformed("MQTT-3.3.2-2", "A Topic Name must not contain wildcard characters.");
            return false;
        }
        return MqttUtf8.TryCheck(topicName, "MQTT-3.3.2-1", out error);
    }
}
