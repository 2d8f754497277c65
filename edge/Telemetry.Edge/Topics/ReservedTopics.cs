namespace Telemetry.Edge.Topics;

/// <summary>
/// Topics that begin with <c>$</c> are the broker's: clients read them, and do not exchange messages by them (MQTT 5.0 section 4.7.2).
/// As in mosquitto, a bridge may say there that it is up: <c>$SYS/broker/connection/{name}/state</c>, published and as its will.
/// </summary>
internal static class ReservedTopics
{
    public const string Refusal = "Topics that begin with $ are the broker's own.";

    private static ReadOnlySpan<byte> BridgePrefix => "$SYS/broker/connection/"u8;

    private static ReadOnlySpan<byte> BridgeSuffix => "/state"u8;

    /// <summary>False: a client may not publish to it.</summary>
    public static bool MayPublish(ReadOnlySpan<byte> topicName)
    {
        if (topicName[0] != (byte)'$')
        {
            return true;
        }

        if (!topicName.StartsWith(BridgePrefix) || !topicName.EndsWith(BridgeSuffix) || topicName.Length <= BridgePrefix.Length + BridgeSuffix.Length)
        {
            return false;
        }

        return !topicName[BridgePrefix.Length..^BridgeSuffix.Length].Contains((byte)'/');
    }
}
