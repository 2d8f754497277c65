namespace Telemetry.Mqtt.Client;

/// <summary>
/// SUBSCRIBE and UNSUBSCRIBE packets without an answer yet. Their identifiers lie above those of publishes. The client
/// holds the lock.
/// </summary>
internal sealed class PendingRequests
{
    // Publishes use 1 to 60,000 (MqttClientOptions.MaximumInFlight).
    private const ushort First = 60_001;
    private const int Limit = ushort.MaxValue - First + 1;

    private readonly Dictionary<ushort, TaskCompletionSource<object>> _pending = [];
    private ushort _last = First - 1;

    /// <summary>Takes an identifier.</summary>
    /// <exception cref="InvalidOperationException">All of them are in use.</exception>
    public (ushort PacketIdentifier, Task<object> Answer) Add()
    {
        if (_pending.Count == Limit)
        {
            throw new InvalidOperationException($"{Limit} subscribe and unsubscribe requests are without an answer.");
        }
        do
        {
            _last = _last == ushort.MaxValue ? First : (ushort)(_last + 1);
        }
        while (_pending.ContainsKey(_last));
        var source = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending.Add(_last, source);
        return (_last, source.Task);
    }

    /// <summary>The answer came; false when nobody asked.</summary>
    public bool TryComplete(ushort packetIdentifier, object answer) =>
        _pending.Remove(packetIdentifier, out var source) && source.TrySetResult(answer);

    /// <summary>The connection ended.</summary>
    public void FailAll(MqttClientException exception)
    {
        foreach (var source in _pending.Values)
        {
            source.TrySetException(exception);
        }
        _pending.Clear();
    }
}
