using System.Net;
using System.Threading.Channels;
using MQTTnet.Server;

namespace Telemetry.Benchmarks.Mqtt.Peers;

/// <summary>
/// What a .NET user would build for the same promise: MQTTnet's server, whose acknowledgement waits until the message is in a file and the
/// file on the disk. Messages that come while the disk works share the next flush.
/// </summary>
internal static class FsyncBroker
{
    /// <summary>Serves until the process is ended.</summary>
    public static async Task RunAsync(int port, string file)
    {
        var messages = Channel.CreateBounded<Pending>(new BoundedChannelOptions(100_000) { SingleReader = true });
        var writing = Task.Factory.StartNew(
            () => Write(messages.Reader, file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(port)
            .WithMaxPendingMessagesPerClient(10_000)
            .Build();
        using var server = new MqttServerFactory().CreateMqttServer(options);
        server.InterceptingPublishAsync += async arguments =>
        {
            var pending = new Pending(System.Buffers.BuffersExtensions.ToArray(arguments.ApplicationMessage.Payload));
            await messages.Writer.WriteAsync(pending);
            await pending.OnDisk.Task;
        };
        await server.StartAsync();
        await writing;
    }

    private static void Write(ChannelReader<Pending> messages, string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Create, FileAccess.Write);
        var (offset, batch) = (0L, new List<Pending>());
        while (messages.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < 10_000 && messages.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            RandomAccess.Write(handle, batch.ConvertAll(p => (ReadOnlyMemory<byte>)p.Payload), offset);
            offset += batch.Sum(p => (long)p.Payload.Length);
            RandomAccess.FlushToDisk(handle);
            batch.ForEach(p => p.OnDisk.SetResult());
            batch.Clear();
        }
    }

    private sealed record Pending(byte[] Payload)
    {
        public TaskCompletionSource OnDisk { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
