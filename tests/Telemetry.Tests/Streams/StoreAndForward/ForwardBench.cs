using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Tests.Streams.StoreAndForward;

/// <summary>Store and forward in a directory of its own, in front of a journal that can be away.</summary>
internal sealed class ForwardBench : IAsyncDisposable
{
    public const string Topic = "readings";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("forward-");
    private JournalLog? _central;

    public ForwardBench(StoreAndForwardOptions? options = null) =>
        Options = (options ?? new StoreAndForwardOptions { DrainRate = 0 }) with { Directory = Path.Combine(_folder.FullName, "forward") };

    public StoreAndForwardOptions Options { get; set; }

    public FaultyFiles Files { get; } = new();

    public SwitchedTarget Target { get; private set; } = null!;

    public StoreAndForwardLog Forward { get; private set; } = null!;

    public IRecordProducer Producer { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens, as a process that starts.</summary>
    public async Task StartAsync(bool away = false, TimeProvider? time = null)
    {
        if (_central is null)
        {
            _central = JournalLog.Open(
                new JournalOptions { Directory = Path.Combine(_folder.FullName, "central"), FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
            await _central.EnsureTopicsAsync([new TopicSpec(Topic, 3)], Cancel);
        }

        Target = new SwitchedTarget(_central) { IsAway = away };
        Forward = await StoreAndForwardLog.OpenAsync(
            Options, new JournalOptions { Directory = "-", FreeBytesMin = 0, CommitInterval = TimeSpan.Zero }, [Topic], NullLoggerFactory.Instance,
            time ?? TimeProvider.System, Files);
        Producer = Forward.CreateProducer(new ProducerOptions());
        await Forward.StartAsync(Target);
    }

    /// <summary>Ends, as a process that stops.</summary>
    public async Task StopAsync()
    {
        Target.IsAway = false;
        await Producer.DisposeAsync();
        await Forward.DisposeAsync();
        await Target.DisposeAsync();
    }

    /// <summary>Appends numbered records of a device, and waits until they are acknowledged.</summary>
    public async Task AppendAsync(string device, int first, int count, int bytes = 16, long timestampMs = 1)
    {
        var results = new List<Task>(count);
        for (var i = first; i < first + count; i++)
        {
            Task durable;
            while (!TryAppend(device, i, bytes, out durable, timestampMs))
            {
                await Producer.WaitForCapacityAsync(Cancel);
            }

            results.Add(durable);
        }

        await Task.WhenAll(results);
    }

    /// <summary>True: taken.</summary>
    public bool TryAppend(string device, int number, int bytes, out Task durable, long timestampMs = 1)
    {
        var value = new byte[Math.Max(bytes, sizeof(int))];
        BinaryPrimitives.WriteInt32LittleEndian(value, number);
        var result = new Result();
        durable = result.Task;
        return Producer.TryAppend(new NewRecord { Topic = Topic, Key = Encoding.ASCII.GetBytes(device), Value = value, TimestampMs = timestampMs }, result, 0);
    }

    /// <summary>Waits until everything is at the target.</summary>
    public Task ForwardedAsync() => UntilAsync(() => Forward.Status.Records == 0);

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse();
            await Task.Delay(5, Cancel);
        }
    }

    /// <summary>What the target has of each device, in order, copies too.</summary>
    public async Task<Dictionary<string, List<int>>> ArrivedAsync()
    {
        var arrived = new Dictionary<string, List<int>>();
        await using var consumer = _central!.CreateConsumer(new ConsumerOptions());
        await _central.AssignSinceAsync(consumer, [Topic], DateTimeOffset.UnixEpoch, Cancel);
        while (await consumer.PollAsync(10_000, TimeSpan.Zero, Cancel) is { Count: > 0 } records)
        {
            foreach (var record in records)
            {
                var device = Encoding.ASCII.GetString(record.Key.Span);
                arrived.TryAdd(device, []);
                arrived[device].Add(BinaryPrimitives.ReadInt32LittleEndian(record.Value.Span));
            }
        }

        return arrived;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_central is not null)
        {
            await _central.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private sealed class Result : IAppendCompletion
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public void Appended(long offset, RecordLogException? error, ulong state)
        {
            if (error is null)
            {
                _done.SetResult();
            }
            else
            {
                _done.SetException(error);
            }
        }
    }
}
