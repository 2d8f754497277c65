namespace Telemetry.Mqtt.Client;

/// <summary>Told the fate of a publish, exactly once, from any thread. Must be quick and must not throw.</summary>
public interface IPublishCompletion
{
    /// <param name="result">What became of it.</param>
    /// <param name="state">What was passed to <c>TryPublish</c>.</param>
    void Published(in PublishResult result, ulong state);
}
