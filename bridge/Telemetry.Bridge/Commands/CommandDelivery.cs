using System.Diagnostics.Metrics;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Bridge.Commands;

/// <summary>
/// Brings commands from the log to the devices connected to this edge node. Every node reads all commands and all results, without
/// a group: the one that has the device delivers. Delivery is at least once, until the device has answered or the command has
/// expired; a device that gets a copy knows it by its id.
/// </summary>
public sealed class CommandDelivery : IAsyncDisposable
{
    private const int RecordsMax = 512;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstMiss = TimeSpan.FromMilliseconds(100);

    private readonly IRecordLog _log;
    private readonly IRecordProducer _producer;
    private readonly ICommandChannel _channel;
    private readonly CommandOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Meter _meter = new("Telemetry.Bridge.Commands");
    private readonly Counter<long> _sent;
    private PendingCommands _pending;
    private volatile BridgeOptions _bridge;
    private long _refusedSeen;
    private Task _loop = Task.CompletedTask;

    /// <param name="log">Commands come from it.</param>
    /// <param name="producer">Results go to it; not disposed here.</param>
    /// <param name="channel">The broker of this node.</param>
    /// <param name="options">Pace and bounds.</param>
    /// <param name="bridge">Schema ids and the name of this node.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs.</param>
    public CommandDelivery(
        IRecordLog log,
        IRecordProducer producer,
        ICommandChannel channel,
        CommandOptions options,
        BridgeOptions bridge,
        TimeProvider time,
        ILogger<CommandDelivery> logger)
    {
        (_log, _producer, _channel, _options, _bridge, _time, _logger) = (log, producer, channel, options, bridge, time, logger);
        _pending = new PendingCommands(options.PendingMax);
        _sent = _meter.CreateCounter<long>("telemetry.commands.sent", "{command}", "Commands published to devices, copies included.");
        _meter.CreateObservableGauge("telemetry.commands.pending", () => _pending.Count, "{command}", "Commands neither answered nor expired.");
    }

    /// <summary>From now on, results carry the schema id of these options.</summary>
    public void UseSchemaIds(BridgeOptions ids) => _bridge = _bridge with { CommandResultSchemaId = ids.CommandResultSchemaId };

    /// <summary>Begins; returns at once. A failing log is tried again.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _meter.Dispose();
    }

    private Task RunAsync() => LogFollower.RunAsync(
        FollowAsync, (error, pause) => Log.CommandsFailed(_logger, pause, error), Restart, _time, _stop.Token);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        _pending = new PendingCommands(_options.PendingMax);
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());

        // From where the oldest living command can be.
        var ends = await _log.AssignSinceAsync(
            consumer, [LogTopics.Commands, LogTopics.CommandResults], _time.GetUtcNow() - _options.LifetimeMax, cancellationToken);

        // What was answered while this node was away must not be sent again: nothing goes out before both topics are read.
        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            Take(await consumer.PollAsync(RecordsMax, Tick, cancellationToken));
        }

        Log.CommandsFollowed(_logger, _pending.Count);
        while (true)
        {
            Take(await consumer.PollAsync(RecordsMax, Tick, cancellationToken));
            await SendDueAsync(cancellationToken);
        }
    }

    private void Take(IReadOnlyList<LogRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            try
            {
                Take(records[i]);
            }
            catch (InvalidProtocolBufferException error)
            {
                Log.CommandUnreadable(_logger, records[i].Topic, records[i].Partition, records[i].Offset, error.Message);
            }
        }

        if (_pending.Refused != _refusedSeen)
        {
            _refusedSeen = _pending.Refused;
            Log.CommandsRefused(_logger, _options.PendingMax, _refusedSeen);
        }
    }

    private void Take(in LogRecord record)
    {
        if (DeviceDeletion.Read(record) is { } deletion)
        {
            _pending.Forget(deletion.Device);
            return;
        }

        if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
        {
            Log.CommandUnreadable(_logger, record.Topic, record.Partition, record.Offset, "no Confluent header");
            return;
        }

        if (record.Topic == LogTopics.Commands)
        {
            var command = DeviceCommand.Parser.ParseFrom(message.Span);
            var now = Now();
            if (CommandTopic.FaultOf(command) is { } fault)
            {
                Log.CommandUnreadable(_logger, record.Topic, record.Partition, record.Offset, fault);
            }
            else if (command.ExpiresAtUs > now)
            {
                _pending.Add(command, now);
            }

            return;
        }

        var result = CommandResult.Parser.ParseFrom(message.Span);
        if (result.Status is CommandStatus.Answered or CommandStatus.Refused && CommandTopic.IsId(result.CommandId))
        {
            _pending.Settle(result.CommandId);
        }
    }

    private async Task SendDueAsync(CancellationToken cancellationToken)
    {
        var now = Now();
        while (_pending.TryTakeDue(now, out var pending))
        {
            var command = pending.Command;
            if (await TrySendAsync(command, now) is not { } sent)
            {
                continue;
            }

            if (!sent)
            {
                pending.Misses++;
                _pending.TryAgainAt(pending, now + UnixMicros.From(Backoff(FirstMiss, pending.Misses, _options.RetryMax)));
                continue;
            }

            pending.Misses = 0;
            pending.Sent++;
            _sent.Add(1);
            if (command.Topic.Length > 0)
            {
                // Nobody answers: once is all.
                _pending.Drop(command.CommandId);
            }
            else
            {
                _pending.TryAgainAt(pending, now + UnixMicros.From(Backoff(_options.ResendAfter, pending.Sent, _options.ResendAfter * 8)));
            }

            if (pending.Sent == 1)
            {
                await NoteSentAsync(command, now, cancellationToken);
            }
        }
    }

    /// <summary>Null: it cannot be sent, now or later, and is dropped; the other commands must not wait for it.</summary>
    private async Task<bool?> TrySendAsync(DeviceCommand command, long nowUs)
    {
        var topic = CommandTopic.Of(command.Device, command.CommandId);
        try
        {
            if (command.Topic.Length > 0)
            {
                return await _channel.SendPlainAsync(command.Topic, command.Payload.Memory);
            }

            return await _channel.SendAsync(
                topic,
                CommandTopic.AnswerTo(topic),
                command.CommandId,
                command.Name,
                command.ContentType,
                command.Payload.Memory,
                TimeSpan.FromMicroseconds(command.ExpiresAtUs - nowUs));
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException)
        {
            Log.CommandUndeliverable(_logger, command.CommandId, command.Device, error);
            _pending.Drop(command.CommandId);
            return null;
        }
    }

    private async Task NoteSentAsync(DeviceCommand command, long nowUs, CancellationToken cancellationToken)
    {
        var value = CommandAnswerWriter.Sent(command, nowUs, _bridge);
        while (!TryAppend(command, value, nowUs))
        {
            await _producer.WaitForCapacityAsync(cancellationToken);
        }
    }

    private bool TryAppend(DeviceCommand command, byte[] value, long nowUs) =>
        _producer.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.CommandResults,
                Key = Encoding.ASCII.GetBytes(command.Device),
                Value = value,
                TimestampMs = nowUs / 1000,
            },
            null,
            0);

    private static TimeSpan Backoff(TimeSpan first, int count, TimeSpan most)
    {
        var doublings = Math.Min(count - 1, 16);
        var pause = first * (1 << doublings);
        return pause < most ? pause : most;
    }

    private long Now() => UnixMicros.From(_time.GetUtcNow());
}
