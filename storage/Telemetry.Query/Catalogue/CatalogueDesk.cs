using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Query.Diagnostics;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Query.Catalogue;

/// <summary>
/// The catalogue for the API and the command line: follows its topic, and puts entries onto it. Of two processes that change the same entry at once the
/// later one counts; within one, changes come one after the other.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="bytesMax">Bytes the entries may hold in memory.</param>
/// <param name="schemaId">Schema id in front of the values.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Told when following fails.</param>
public sealed class CatalogueDesk(IRecordLog log, long bytesMax, int schemaId, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly Lazy<IRecordProducer> _producer = new(() => log.CreateProducer(new ProducerOptions { InFlightBytesMax = 16 << 20 }));
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ConcurrentDictionary<TopicPartition, long> _positions = new();
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the topic says.</summary>
    public CatalogueBook Book { get; } = new(bytesMax);

    /// <summary>Completes when the topic has been read to its end.</summary>
    public Task Read => _read.Task;

    /// <summary>Follows the topic until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => LogFollower.RunAsync(
        FollowAsync, (error, pause) => logger.CatalogueTailFailed(pause, error), Retry, time, cancellationToken);

    /// <summary>Puts entries in place of those of the same names. Entries that change nothing are not written.</summary>
    /// <param name="entries">Entries; version, person and time are set here.</param>
    /// <param name="write">Who, why, and what of that is done.</param>
    /// <param name="cancellationToken">Gives up waiting; some may have been written.</param>
    /// <exception cref="RecordLogException">The log did not take them, or does not say how far its topic goes.</exception>
    /// <exception cref="CatalogueConflictException">The entry is not as expected.</exception>
    public async Task<CatalogueChanges> PutAsync(IReadOnlyList<CatalogueEntry> entries, CatalogueWrite write, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var changes = Plan(entries, write);
            if (!write.IsDryRun && changes.Written.Count > 0)
            {
                await AppendAsync(changes.Written, cancellationToken);
            }

            return changes;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Removes all entries of a device, whoever wrote them, and has the store delete their history.</summary>
    /// <returns>Entries there were.</returns>
    /// <exception cref="RecordLogException">The log did not take all of it.</exception>
    public async Task<int> DeleteDeviceAsync(DeviceDeletion deletion, CancellationToken cancellationToken)
    {
        await Read.WaitAsync(cancellationToken);
        var names = Book.NamesOf(deletion.Device);

        // First as any entry is deleted, which every reader of the catalogue understands; the order to delete takes the history and that record.
        var changes = await PutAsync(
            [.. names.Select(n => new CatalogueEntry { Source = n.Source, Device = n.Device, Sensor = n.Sensor, Deleted = true })],
            new CatalogueWrite(deletion.By, "The device's data is deleted."),
            cancellationToken);
        foreach (var name in names)
        {
            await deletion.AppendAsync(
                _producer.Value, LogTopics.Catalogue, null, name.ToKey(), time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
        }

        await CatchUpAsync(cancellationToken);
        return changes.Deleted;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_producer.IsValueCreated)
        {
            await _producer.Value.DisposeAsync();
        }

        _one.Dispose();
    }

    /// <summary>True when two entries say the same, whoever wrote them.</summary>
    private static bool SaysTheSame(CatalogueEntry? one, CatalogueEntry other)
    {
        if (one is null)
        {
            return other.Deleted;
        }

        var plain = one.Clone();
        (plain.Version, plain.By, plain.Comment, plain.TimeUs) = (other.Version, other.By, other.Comment, other.TimeUs);
        return plain.Equals(other);
    }

    private CatalogueChanges Plan(IReadOnlyList<CatalogueEntry> entries, CatalogueWrite write)
    {
        var written = new List<CatalogueEntry>();
        var (added, changed, unchanged, deleted) = (0, 0, 0, 0);
        var wanted = write.DeletesOthers ? entries.Select(CatalogueName.Of).ToHashSet() : null;
        IEnumerable<CatalogueEntry> all = wanted is null ? entries : entries.Concat(
            Book.Written().Select(CatalogueName.Of).Where(n => !wanted.Contains(n))
                .Select(n => new CatalogueEntry { Source = n.Source, Device = n.Device, Sensor = n.Sensor, Deleted = true }));
        foreach (var entry in all)
        {
            var now = Book.Of(CatalogueName.Of(entry));
            if (write.ExpectedVersion is { } expected && expected != (now is { Deleted: false } ? now.Version : 0))
            {
                throw new CatalogueConflictException(now is { Deleted: false } ? now.Version : 0);
            }

            if (SaysTheSame(now, entry))
            {
                unchanged++;
                continue;
            }

            written.Add(new CatalogueEntry(entry)
            {
                Version = (now?.Version ?? 0) + 1, By = write.By, Comment = write.Comment, TimeUs = UnixMicros.From(time.GetUtcNow()),
            });
            _ = entry.Deleted ? deleted++ : now is null or { Deleted: true } ? added++ : changed++;
        }

        return new CatalogueChanges(added, changed, unchanged, deleted, written);
    }

    private async Task AppendAsync(IReadOnlyList<CatalogueEntry> entries, CancellationToken cancellationToken)
    {
        var appended = new AppendTask(entries.Count);
        foreach (var entry in entries)
        {
            while (!TryAppend(entry, appended))
            {
                await _producer.Value.WaitForCapacityAsync(cancellationToken);
            }
        }

        await appended.Task.WaitAsync(cancellationToken);
        await CatchUpAsync(cancellationToken);
    }

    /// <summary>Waits until everything that is on the topic now is in the book: who has put something sees it, in the log's order.</summary>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var count = await log.QueryPartitionCountAsync(LogTopics.Catalogue, cancellationToken);
        for (var i = 0; i < count; i++)
        {
            var partition = new TopicPartition(LogTopics.Catalogue, i);
            await log.WaitUntilReadAsync(partition, () => _positions.GetValueOrDefault(partition), time, cancellationToken);
        }
    }

    private bool TryAppend(CatalogueEntry entry, AppendTask appended) => _producer.Value.TryAppend(
        new NewRecord
        {
            Topic = LogTopics.Catalogue,
            Key = CatalogueName.Of(entry).ToKey(),
            Value = FramedMessage.Write(entry, schemaId),
            TimestampMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        },
        appended,
        0);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = await log.AssignFromStartAsync(consumer, LogTopics.Catalogue, cancellationToken);
        Book.Clear();
        while (true)
        {
            foreach (var partition in ends.Keys)
            {
                _positions[partition] = consumer.Position(partition);
            }

            if (!_read.Task.IsCompleted && ends.All(end => _positions[end.Key] >= end.Value))
            {
                _read.TrySetResult();
            }

            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                if (DeviceDeletion.Read(records[i]) is not null)
                {
                    Book.Forget(CatalogueName.OfKey(records[i].Key.Span));
                }
                else
                {
                    Book.Take(records[i].Value);
                }
            }
        }
    }
}
