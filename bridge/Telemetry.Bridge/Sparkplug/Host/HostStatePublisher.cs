using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>
/// Publishes STATE through the broker of this process. Broker and host live and die together, so no will can speak for the host: offline is
/// written before the broker opens its listeners, and online only when the host consumes. The timestamp is kept on the log.
/// <para>
/// Where several edge processes share what is retained they are one host, and one STATE: who consumes says online when it is not said, offline is
/// said by the last to go, or by one that does not consume any more, and whoever does contradicts it.
/// </para>
/// </summary>
public sealed class HostStatePublisher : IAsyncDisposable
{
    /// <summary>The host may stumble this long before edge nodes are told to store and wait.</summary>
    private static readonly TimeSpan OfflineAfter = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at what the others say.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);
    private static readonly TopicPartition Partition = new(LogTopics.SparkplugHost, 0);

    private readonly IRecordLog _log;
    private readonly IRecordProducer _producer;
    private readonly ISparkplugChannel _channel;
    private readonly SparkplugHost _host;
    private readonly string _hostId;
    private readonly byte[] _key;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Happening> _happenings = Channel.CreateBounded<Happening>(
        new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropOldest });

    private HostState? _state;
    private Task _loop = Task.CompletedTask;

    /// <param name="log">Keeps the timestamp.</param>
    /// <param name="producer">Writes it; not disposed here.</param>
    /// <param name="channel">The broker.</param>
    /// <param name="host">Consumes, or does not.</param>
    /// <param name="options">Host id and name of this edge process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of state changes.</param>
    public HostStatePublisher(
        IRecordLog log, IRecordProducer producer, ISparkplugChannel channel, SparkplugHost host, BridgeOptions options, TimeProvider time,
        ILogger<HostStatePublisher> logger)
    {
        (_log, _producer, _channel, _host, _time, _logger) = (log, producer, channel, host, time, logger);
        _hostId = options.Sparkplug.HostId;
        _key = Encoding.UTF8.GetBytes($"{_hostId}@{options.EdgeName}");
    }

    private enum Happening
    {
        ConsumingChanged,
        ForeignState,
    }

    /// <summary>Before the broker opens its listeners: writes offline, whatever a former run left behind.</summary>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _state = new HostState(_hostId, await ReadLastAsync(cancellationToken));
        _state.Begin(NowMs);
        await KeepAsync(_state.TimestampMs, cancellationToken);
        if (_channel.OtherNodes == 0)
        {
            _state.Raise(Seen?.TimestampMs ?? 0);
            await _channel.PublishStateAsync(_state.Topic, _state.Will());
        }
    }

    /// <summary>Begins to follow the host; returns at once.</summary>
    public void Start()
    {
        _host.ConsumingChanged += OnConsumingChanged;
        _loop = Task.Run(RunAsync);
        OnConsumingChanged();
    }

    /// <summary>A client published our STATE topic. From any thread.</summary>
    public void ForeignStateSeen() => _happenings.Writer.TryWrite(Happening.ForeignState);

    /// <summary>Says that the host goes, before the broker does.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _host.ConsumingChanged -= OnConsumingChanged;
        await _stop.CancelAsync();
        await _loop;
        if (_state is { IsOnline: true } state && _channel.OtherNodes == 0)
        {
            state.Raise(_channel.IsShared ? Seen?.TimestampMs ?? 0 : 0);
            await _channel.PublishStateAsync(state.Topic, state.Death(NowMs));
            await KeepAsync(state.LastMs, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void OnConsumingChanged() => _happenings.Writer.TryWrite(Happening.ConsumingChanged);

    private Task RunAsync() => LogFollower.RunAsync(
        FollowAsync, (error, pause) => Log.SparkplugStateFailed(_logger, pause, error), TimeSpan.FromSeconds(1), _time, _stop.Token);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var state = _state!;
        if (_channel.IsShared)
        {
            await FollowSharedAsync(state, cancellationToken);
            return;
        }

        await SayAsync(state, cancellationToken);
        while (true)
        {
            if (await _happenings.Reader.ReadAsync(cancellationToken) == Happening.ConsumingChanged)
            {
                await SayAsync(state, cancellationToken);
            }
            else if (state.Foreign(NowMs) is { } wait)
            {
                Log.SparkplugForeignState(_logger, state.Topic);
                await Task.Delay(wait, _time, cancellationToken);
                await _channel.PublishStateAsync(state.Topic, state.Birth());
            }
        }
    }

    private (bool IsOnline, long TimestampMs)? Seen => HostState.Read(_channel.RetainedState(_state!.Topic));

    private async Task FollowSharedAsync(HostState state, CancellationToken cancellationToken)
    {
        var others = 0;
        var mayDeny = false;
        var idleSince = _time.GetTimestamp();
        while (true)
        {
            var seen = Seen;
            var now = _channel.OtherNodes;
            if (_host.IsConsuming)
            {
                (idleSince, mayDeny) = (_time.GetTimestamp(), true);
                if (seen is not { IsOnline: true })
                {
                    state.Raise(seen?.TimestampMs ?? 0);
                    await _channel.PublishStateAsync(state.Topic, state.Birth());
                    await KeepAsync(state.LastMs, cancellationToken);
                    Log.SparkplugOnline(_logger, state.Topic, state.TimestampMs);
                }

                // Whoever has said it: this process stands for it too.
                state.Join();
            }
            else
            {
                // One that left may have been the last to consume.
                mayDeny |= now < others || now == 0;
                if (mayDeny && seen is { IsOnline: true } && _time.GetElapsedTime(idleSince) >= OfflineAfter)
                {
                    mayDeny = false;
                    state.Raise(seen.Value.TimestampMs);
                    await _channel.PublishStateAsync(state.Topic, state.Death(NowMs));
                    Log.SparkplugOffline(_logger, state.Topic);
                    state.Begin(NowMs);
                    await KeepAsync(state.TimestampMs, cancellationToken);
                }
            }

            others = now;
            await WaitAsync(cancellationToken);
        }
    }

    /// <summary>For something to happen, or for the next look.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var look = new CancellationTokenSource(Look, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(look.Token, cancellationToken);
        await ((Task)_happenings.Reader.WaitToReadAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        while (_happenings.Reader.TryRead(out _))
        {
            // Each look sees all there is to see.
        }
    }

    private async Task SayAsync(HostState state, CancellationToken cancellationToken)
    {
        if (_host.IsConsuming && !state.IsOnline)
        {
            await _channel.PublishStateAsync(state.Topic, state.Birth());
            Log.SparkplugOnline(_logger, state.Topic, state.TimestampMs);
        }
        else if (!_host.IsConsuming && state.IsOnline)
        {
            await Task.Delay(OfflineAfter, _time, cancellationToken);
            if (!_host.IsConsuming)
            {
                await _channel.PublishStateAsync(state.Topic, state.Death(NowMs));
                Log.SparkplugOffline(_logger, state.Topic);

                // The next birth is one of a new session. When the log is away its timestamp is kept once it is back.
                state.Begin(NowMs);
                await KeepAsync(state.TimestampMs, cancellationToken);
            }
        }
    }

    private async Task<long?> ReadLastAsync(CancellationToken cancellationToken)
    {
        var (low, high) = await _log.QueryOffsetsAsync(Partition, cancellationToken);
        long? last = null;
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([Partition]);
        consumer.Seek(Partition, low);
        while (consumer.Position(Partition) < high)
        {
            foreach (var record in await consumer.PollAsync(1000, PollWait, cancellationToken))
            {
                if (IsOurs(record.Key.Span) && record.Value.Length == sizeof(long))
                {
                    last = Math.Max(last ?? long.MinValue, BinaryPrimitives.ReadInt64BigEndian(record.Value.Span));
                }
            }
        }

        return last;
    }

    /// <summary>Of this process; where the state is one for several, of any process of this host.</summary>
    private bool IsOurs(ReadOnlySpan<byte> key) =>
        _channel.IsShared ? key.StartsWith(Encoding.UTF8.GetBytes($"{_hostId}@")) : key.SequenceEqual(_key);

    private async Task KeepAsync(long timestampMs, CancellationToken cancellationToken)
    {
        while (!TryAppend(timestampMs))
        {
            await _producer.WaitForCapacityAsync(cancellationToken);
        }

        await _producer.FlushAsync(cancellationToken);
    }

    private bool TryAppend(long timestampMs)
    {
        Span<byte> value = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(value, timestampMs);
        return _producer.TryAppend(
            new NewRecord { Topic = LogTopics.SparkplugHost, Partition = 0, Key = _key, Value = value, TimestampMs = NowMs }, null, 0);
    }
}
