using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Settings;

/// <summary>Another version came first; look at it and try again.</summary>
public sealed class SettingsConflictException(int expected, int found)
    : InvalidOperationException($"The settings are at version {found}; the change was made on version {expected}. Read them again, and change those.")
{
    /// <summary>The version there is.</summary>
    public int Found { get; } = found;
}

/// <summary>Writes versions of the settings. Safe for concurrent use, also with other processes.</summary>
public sealed class SettingsDesk : IAsyncDisposable
{
    private readonly string _topic;
    private readonly TimeProvider _time;
    private readonly SettingsFeed _feed;
    private readonly Lazy<IRecordProducer> _producer;

    /// <param name="log">The log.</param>
    /// <param name="topic">The settings topic.</param>
    /// <param name="logger">Told when reading fails.</param>
    /// <param name="time">Clock.</param>
    public SettingsDesk(IRecordLog log, string topic, ILogger logger, TimeProvider time)
    {
        (_topic, _time) = (topic, time);
        _feed = new SettingsFeed(log, topic, logger, time);
        _producer = new Lazy<IRecordProducer>(() => log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 }));
    }

    /// <summary>Begins to read the topic.</summary>
    public void Start() => _feed.Start();

    /// <summary>What the topic says now.</summary>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public async Task<SettingsBook> ReadAsync(CancellationToken cancellationToken)
    {
        await _feed.CatchUpAsync(cancellationToken);
        return _feed.Book;
    }

    /// <summary>Puts a document in force: returns when it is durable and first of its number.</summary>
    /// <param name="document">The document (JSON).</param>
    /// <param name="by">Who.</param>
    /// <param name="source">Through what.</param>
    /// <param name="comment">Why.</param>
    /// <param name="expected">Version it was made on; null: whatever there is.</param>
    /// <param name="cancellationToken">Gives up waiting; it may have been written.</param>
    /// <exception cref="DetectorSettingsException">The document is none.</exception>
    /// <exception cref="SettingsConflictException">Another version came first.</exception>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public async Task<SettingsVersion> PutAsync(
        ReadOnlyMemory<byte> document, string by, string source, string comment, int? expected, CancellationToken cancellationToken)
    {
        var settings = DetectorSettingsReader.Read(document);
        while (true)
        {
            var book = await ReadAsync(cancellationToken);
            var last = book.LastNumber;
            if (expected is { } version && version != last)
            {
                throw new SettingsConflictException(version, last);
            }

            var next = new SettingsVersion
            {
                Number = last + 1,
                Id = Guid.CreateVersion7().ToString("N"),
                At = _time.GetUtcNow(),
                By = by,
                Source = source,
                Comment = comment,
                Document = document.ToArray(),
                Settings = settings,
            };
            await AppendAsync(next.Key, next.ToRecord(), cancellationToken);
            book = await ReadAsync(cancellationToken);
            if (book.Find(next.Number)?.Id == next.Id)
            {
                await DeleteOldAsync(book, cancellationToken);
                return next;
            }

            // Another one was first: this record counts for nobody, and goes.
            await AppendAsync(next.Key, [], cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _feed.DisposeAsync();
        if (_producer.IsValueCreated)
        {
            await _producer.Value.DisposeAsync();
        }
    }

    private async Task DeleteOldAsync(SettingsBook book, CancellationToken cancellationToken)
    {
        var pinned = book.Pins.Select(pin => pin.Version).ToHashSet();
        foreach (var old in book.Versions.Skip(SettingsBook.VersionsMax).Where(v => !pinned.Contains(v.Number)))
        {
            await AppendAsync(old.Key, [], cancellationToken);
        }
    }

    private Task AppendAsync(string key, byte[] value, CancellationToken cancellationToken) => _producer.Value.AppendAsync(
        _topic, 0, Encoding.UTF8.GetBytes(key), value, _time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
