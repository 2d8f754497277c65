namespace Telemetry.Streams.Kafka;

/// <summary>Runs librdkafka's blocking calls on threads of their own: they may take seconds, which the pool's must not.</summary>
internal static class BlockingCall
{
    public static Task<T> RunAsync<T>(Func<T> call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    public static Task RunAsync(Action call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
