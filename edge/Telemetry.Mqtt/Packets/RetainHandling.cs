namespace Telemetry.Mqtt;

/// <summary>When retained messages are sent for a subscription, MQTT 5.0 section 3.8.3.1.</summary>
public enum RetainHandling : byte
{
    SendAtSubscribe = 0,
    SendIfNewSubscription = 1,
    DoNotSend = 2,
}
