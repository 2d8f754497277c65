namespace Telemetry.Edge.Sessions;

/// <summary>
/// Where an outbound QoS 1 or 2 message stands.
/// <code>
/// AwaitPubAck ──PUBACK──> Done
/// AwaitPubRec ──PUBREC──> AwaitPubComp ──PUBCOMP──> Done
///      └─────PUBREC >= 0x80────────────────────────> Done
/// </code>
/// </summary>
internal enum InflightState : byte
{
    Done,
    AwaitPubAck,
    AwaitPubRec,
    AwaitPubComp,
}

/// <summary>What the subscriber sent about a packet identifier.</summary>
internal enum InflightInput : byte
{
    PubAck,
    PubRec,
    PubRecError,
    PubComp,
}

internal static class InflightTransitions
{
    /// <summary>The state after the input; null when the input does not belong there and changes nothing.</summary>
    public static InflightState? Next(InflightState state, InflightInput input) => (state, input) switch
    {
        (InflightState.AwaitPubAck, InflightInput.PubAck) => InflightState.Done,
        (InflightState.AwaitPubRec, InflightInput.PubRec) => InflightState.AwaitPubComp,
        (InflightState.AwaitPubRec, InflightInput.PubRecError) => InflightState.Done,
        // The answer to a PUBREL may be lost: a second PUBREC gets a second PUBREL.
        (InflightState.AwaitPubComp, InflightInput.PubRec) => InflightState.AwaitPubComp,
        (InflightState.AwaitPubComp, InflightInput.PubComp) => InflightState.Done,
        _ => null,
    };
}
