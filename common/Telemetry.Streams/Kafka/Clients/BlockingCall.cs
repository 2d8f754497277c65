namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Runs librdkafka's blocking calls on threads of their own: they may take seconds, which the pool's must not.</summary>
internal static class BlockingCall
{
    public static Task<T> RunAsync<T>(Func<T> call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    public static Task RunAsync(Action call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>
    /// Waits that long for a call that should have returned by then: around the loss of a coordinator librdkafka sometimes
    /// forgets one. It is left behind on its thread.
    /// </summary>
    /// <returns>False: it has not returned.</returns>
    public static async Task<bool> ReturnsAsync(Task call, TimeSpan patience, TimeProvider time)
    {
        try
        {
            await call.WaitAsync(patience, time);
            return true;
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            return false;
        }
    }
}
