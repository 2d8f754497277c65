using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Alarms.Rules;

/// <summary>The rules in force, as the rules topic has them. A document that cannot be used changes nothing and is told.</summary>
internal sealed class RulesFeed(IRecordLog log, TimeProvider time, ILogger logger)
{
    private static readonly TopicPartition Topic = new(LogTopics.AlarmRules, 0);
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private volatile AlarmRules _current = AlarmRules.Default;
    private AlarmRulesRecord _record = new();
    private long _next;
    private long _position;

    /// <summary>Told after <see cref="Current"/> has changed, from the loop; must be quick.</summary>
    public event Action? Changed;

    public AlarmRules Current => _current;

    /// <summary>All that the topic says, as far as it has been read.</summary>
    public AlarmRulesBook Book { get; } = new();

    /// <summary>Reads what is there, and puts a file in force when it is another one than last time.</summary>
    /// <param name="file">Rules document; empty: none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FormatException">The file cannot be used; the message says all that is wrong.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public async Task LoadAsync(string file, CancellationToken cancellationToken)
    {
        _next = (await log.QueryOffsetsAsync(Topic, cancellationToken)).Low;
        await ReadToEndAsync(cancellationToken);
        if (_record.Version > 0 && Book.Find(_current.Fingerprint) is null)
        {
            // Put by a release that kept no documents: what is pinned from now on must be found.
            await using var producer = log.CreateProducer(new ProducerOptions());
            var (key, value) = AlarmRulesBook.DocumentOf(_record);
            await AppendAsync(producer, key, value, cancellationToken);
        }

        if (file.Length > 0)
        {
            await PutAsync(file, cancellationToken);
        }
    }

    /// <summary>Waits until everything that is on the topic now has been read: what a partition's last owner pinned among it.</summary>
    /// <exception cref="RecordLogException">The log does not say how far the topic goes.</exception>
    public Task CatchUpAsync(CancellationToken cancellationToken) =>
        log.WaitUntilReadAsync(Topic, () => Volatile.Read(ref _position), time, cancellationToken);

    /// <summary>Follows the topic until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => LogFollower.RunAsync(
        FollowAsync, (error, pause) => AlarmsLog.RulesFailed(logger, pause, error), Retry, time, cancellationToken);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([Topic]);
        consumer.Seek(Topic, _next);
        while (true)
        {
            await ReadAsync(consumer, cancellationToken);
        }
    }

    private async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        var high = (await log.QueryOffsetsAsync(Topic, cancellationToken)).High;
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([Topic]);
        consumer.Seek(Topic, _next);
        while (consumer.Position(Topic) < high)
        {
            await ReadAsync(consumer, cancellationToken);
        }
    }

    private async Task ReadAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        var records = await consumer.PollAsync(16, PollWait, cancellationToken);
        for (var i = 0; i < records.Count; i++)
        {
            Take(records[i].Key, records[i].Value);
            _next = records[i].Offset + 1;
        }

        Volatile.Write(ref _position, consumer.Position(Topic));
    }

    private void Take(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        AlarmRulesRecord? record;
        try
        {
            record = Book.Take(key.Span, value.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            AlarmsLog.RulesUnusable(logger, 0, error.Message);
            return;
        }

        if (record is not null)
        {
            Use(record);
        }
    }

    private void Use(AlarmRulesRecord record)
    {
        _record = record;
        if (AlarmRulesReader.Read(record.Document.Memory, out var errors) is not { } rules)
        {
            AlarmsLog.RulesUnusable(logger, record.Version, string.Join(" ", errors));
            return;
        }

        _current = rules;
        AlarmsLog.RulesInForce(logger, record.Version, rules.Rules.Count, rules.Incidents.Count);
        Changed?.Invoke();
    }

    private async Task PutAsync(string file, CancellationToken cancellationToken)
    {
        var document = await File.ReadAllBytesAsync(file, cancellationToken);
        if (AlarmRulesReader.Read(document, out var errors) is null)
        {
            throw new FormatException($"Alarms:RulesFile '{file}' cannot be used:\n  {string.Join("\n  ", errors)}");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(document));
        await using var producer = log.CreateProducer(new ProducerOptions());
        var writer = new AlarmRulesWriter(Book, (key, value, cancel) => AppendAsync(producer, key, value, cancel), ReadToEndAsync);
        await writer.PutAsync(
            () => _record.FileHash == hash
                ? null
                : new AlarmRulesRecord
                {
                    Document = ByteString.CopyFrom(document),
                    By = "file",
                    Comment = Path.GetFileName(file),
                    TimeUs = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000,
                    FileHash = hash,
                },
            cancellationToken);
    }

    private Task AppendAsync(IRecordProducer producer, byte[] key, byte[] value, CancellationToken cancellationToken) =>
        producer.AppendAsync(LogTopics.AlarmRules, 0, key, value, time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
