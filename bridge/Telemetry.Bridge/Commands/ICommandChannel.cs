namespace Telemetry.Bridge.Commands;

/// <summary>The broker's side of command delivery.</summary>
public interface ICommandChannel
{
    /// <summary>Publishes to whoever subscribes here, QoS 1.</summary>
    /// <param name="topic">Topic of the command.</param>
    /// <param name="responseTopic">Where the answer is expected (MQTT 5 Response Topic).</param>
    /// <param name="commandId">MQTT 5 Correlation Data and user property <c>command-id</c>.</param>
    /// <param name="name">User property <c>command</c>.</param>
    /// <param name="contentType">MQTT 5 Content Type; empty for none.</param>
    /// <param name="payload">Arguments.</param>
    /// <param name="expiry">MQTT 5 Message Expiry Interval.</param>
    /// <returns>False when nobody subscribes to the topic at this broker.</returns>
    ValueTask<bool> SendAsync(
        string topic,
        string responseTopic,
        string commandId,
        string name,
        string contentType,
        ReadOnlyMemory<byte> payload,
        TimeSpan expiry);

    /// <summary>Publishes as it is to whoever subscribes here, QoS 0, not retained: a command of another protocol.</summary>
    /// <returns>False when nobody subscribes to the topic at this broker.</returns>
    ValueTask<bool> SendPlainAsync(string topic, ReadOnlyMemory<byte> payload);
}
