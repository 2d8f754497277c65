using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Setup;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Query.Commands;

/// <summary>Issues commands onto the log and follows what becomes of them, whichever node issued them.</summary>
internal sealed class CommandDesk : IAsyncDisposable
{
    private const int RecordsMax = 512;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly IRecordLog _log;
    private readonly QueryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lazy<IRecordProducer> _producer;

    public CommandDesk(IRecordLog log, QueryOptions options, TimeProvider time, ILogger logger)
    {
        (_log, _options, _time, _logger) = (log, options, time, logger);
        _producer = new Lazy<IRecordProducer>(() => log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 }));
        Book = new CommandBook(options.CommandsMax, options.CommandBytesMax);
    }

    public CommandBook Book { get; }

    /// <summary>Puts a command onto the log; returns when it is durable.</summary>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public async Task<CommandState> IssueAsync(DeviceCommand command, CancellationToken cancellationToken)
    {
        await _producer.Value.AppendAsync(
            LogTopics.Commands,
            null,
            Encoding.ASCII.GetBytes(command.Device),
            FramedMessage.Write(command, _options.DeviceCommandSchemaId),
            command.IssuedAtUs / 1000,
            cancellationToken);
        return Book.Find(command);
    }

    /// <summary>Follows both topics until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => LogFollower.RunAsync(
        FollowAsync, (error, pause) => _logger.CommandTailFailed(pause, error), Retry, _time, cancellationToken);

    public ValueTask DisposeAsync() => _producer.IsValueCreated ? _producer.Value.DisposeAsync() : ValueTask.CompletedTask;

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var since = _time.GetUtcNow() - _options.CommandHistory;
        await _log.AssignSinceAsync(consumer, [LogTopics.Commands, LogTopics.CommandResults], since, cancellationToken);
        while (true)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                Take(records[i]);
            }
        }
    }

    private void Take(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
        {
            if (DeviceDeletion.Read(record) is { } deletion)
            {
                Book.Remove(deletion.Device);
            }

            return;
        }

        try
        {
            if (record.Topic == LogTopics.Commands)
            {
                Book.Add(DeviceCommand.Parser.ParseFrom(message.Span));
            }
            else
            {
                Book.Add(CommandResult.Parser.ParseFrom(message.Span));
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // The edge that would have delivered it says so in its log.
        }
    }
}
