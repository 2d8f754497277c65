using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.SchemaRegistry.Cache;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.SchemaRegistry.Resolution;

/// <summary>
/// The ids of the schemas we write and the meaning of the ids we read: from memory, else from disk, else from the registry.
/// A registry that is away or hangs stops nobody: what is written carries a provisional id, what is read is decided by its
/// bytes, and the registry is asked again with growing pauses. Safe for concurrent use.
/// </summary>
public sealed class SchemaDirectory : IReadingSchemas, IAsyncDisposable
{
    private readonly SchemaRegistryOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SchemaRegistryClient _client;
    private readonly GuardedRegistry _registry;
    private readonly RegistryMetrics _metrics;
    private readonly SchemaCacheFile? _file;
    private readonly SchemaVerdicts _verdicts = new();
    private readonly CancellationTokenSource _stop = new();

    // Under the gate.
    private readonly Lock _gate = new();
    private readonly Dictionary<TopicSchema, int> _ids = [];
    private readonly Dictionary<int, TaskCompletionSource> _firstTries = [];
    private readonly List<Task> _work = [];
    private CachedSchemas _known = CachedSchemas.Empty;
    private int _written;
    private bool _saidTooMany;
    private bool _disposed;

    private SchemaDirectory(SchemaRegistryOptions options, ILoggerFactory logging, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _logger = logging.CreateLogger<SchemaDirectory>();
        _client = new SchemaRegistryClient(options);
        _metrics = new RegistryMetrics(CountProvisional, CountUndecided);
        _registry = new GuardedRegistry(_client, options, _metrics, time);
        if (options.CacheDirectory is { Length: > 0 } directory)
        {
            _file = new SchemaCacheFile(directory, options.Urls[0].AbsoluteUri.TrimEnd('/'), options.SchemasMax, _logger);
        }
    }

    /// <summary>A schema that was written with another id has got this one. Raised on a thread of the pool.</summary>
    public event Action<TopicSchema, int>? IdChanged;

    /// <summary>
    /// Reads the cache and finds the ids of <paramref name="written"/>. Waits for the registry no longer than
    /// <see cref="SchemaRegistryOptions.StartTimeout"/>, and not at all when the cache has the ids.
    /// </summary>
    /// <exception cref="IOException">A file named in the options cannot be read.</exception>
    public static async Task<SchemaDirectory> OpenAsync(
        SchemaRegistryOptions options,
        IReadOnlyCollection<TopicSchema> written,
        ILoggerFactory logging,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var directory = new SchemaDirectory(options, logging, time);
        directory.LoadCache();
        directory._written = written.Count;
        var firstTries = written.Select(directory.Resolve).ToArray();
        try
        {
            await Task.WhenAll(firstTries).WaitAsync(options.StartTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Whatever has no id by now is written with its provisional one.
            return directory;
        }
        catch
        {
            await directory.DisposeAsync();
            throw;
        }

        return directory;
    }

    /// <summary>The id to write in front of values of a schema; provisional while the registry has not given one.</summary>
    public int IdOf(TopicSchema schema)
    {
        lock (_gate)
        {
            return _ids.TryGetValue(schema, out var id) ? id : SchemaIds.Provisional(schema.ReleasedId);
        }
    }

    /// <inheritdoc/>
    public ReadingBatchVersion Find(int schemaId) => _verdicts.TryFind(schemaId, out var version) ? version : FindNew(schemaId);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task[] work;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            work = [.. _work];
        }

        await _stop.CancelAsync();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _metrics.Dispose();
        _stop.Dispose();
    }

    private void LoadCache()
    {
        _known = _file?.Load() ?? CachedSchemas.Empty;
        foreach (var (id, text) in _known.Texts.Take(_options.SchemasMax))
        {
            _verdicts.Learn(id, text);
        }
    }

    /// <summary>Completes with the first try; goes on behind until the registry has answered.</summary>
    private Task Resolve(TopicSchema schema)
    {
        var firstTry = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_known.Registered.TryGetValue(schema.Subject, out var cached) && cached.Hash == schema.Hash)
        {
            Note(schema, cached.Id, "cache");
            firstTry.SetResult();
        }

        Start(() => RunResolveLoopAsync(schema, firstTry));
        return firstTry.Task;
    }

    /// <summary>Also when the cache knew: a registry that was set up anew gives other ids.</summary>
    private async Task RunResolveLoopAsync(TopicSchema schema, TaskCompletionSource firstTry)
    {
        while (true)
        {
            try
            {
                var id = await _registry.AskAsync((client, stop) => AskIdAsync(client, schema, stop), _stop.Token);
                var before = IdOf(schema);
                Note(schema, id, "registry");
                Save();
                firstTry.TrySetResult();
                if (before != id)
                {
                    IdChanged?.Invoke(schema, id);
                }

                return;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Whatever it was, the next try may do better; until then the provisional id serves.
                var pause = _registry.PauseAfter(e);
                if (!HasId(schema))
                {
                    Log.Provisional(_logger, schema.Subject, IdOf(schema), e.Message, pause.TotalSeconds);
                }

                firstTry.TrySetResult();
                await Task.Delay(pause, _time, _stop.Token);
            }
        }
    }

    /// <summary>Looks up before registering: what is there needs no right to write.</summary>
    private async Task<int> AskIdAsync(SchemaRegistryClient client, TopicSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.LookUpAsync(schema.Subject, schema.Text, cancellationToken)).Id;
        }
        catch (SchemaRegistryException e) when (e.IsNotFound && _options.AutoRegister)
        {
            return await client.RegisterAsync(schema.Subject, schema.Text, cancellationToken);
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            throw new SchemaRegistryException(
                e.Code, false, $"The schema is not registered under {schema.Subject}: run telemetry schemas apply, or set SchemaRegistry:AutoRegister=true.", e);
        }
    }

    private ReadingBatchVersion FindNew(int schemaId)
    {
        if (SchemaIds.Released(schemaId) != schemaId)
        {
            return ReleasedReadingSchemas.Instance.Find(schemaId);
        }

        Task firstTry;
        lock (_gate)
        {
            if (_verdicts.TryFind(schemaId, out var learned))
            {
                return learned;
            }

            if (!_firstTries.TryGetValue(schemaId, out var known))
            {
                if (_verdicts.Count + _firstTries.Count >= _options.SchemasMax)
                {
                    return TooMany();
                }

                _firstTries[schemaId] = known = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Start(() => RunLearnLoopAsync(schemaId, known));
            }

            firstTry = known.Task;
        }

        // Once for an id: decoding is synchronous, and the first record of a new schema is worth one request's time.
        firstTry.Wait(_options.RequestTimeout);
        return _verdicts.TryFind(schemaId, out var version) ? version : ReadingBatchVersion.Undecided;
    }

    private async Task RunLearnLoopAsync(int schemaId, TaskCompletionSource firstTry)
    {
        long? missingSince = null;
        while (true)
        {
            var pause = _options.RetryMin;
            try
            {
                var text = await _registry.AskAsync((client, stop) => client.FetchSchemaAsync(schemaId, stop), _stop.Token);
                Learn(schemaId, text, firstTry);
                return;
            }
            catch (SchemaRegistryException e) when (e.IsNotFound)
            {
                missingSince ??= _time.GetTimestamp();
                if (_time.GetElapsedTime(missingSince.Value) >= _options.MissingIdPatience)
                {
                    Learn(schemaId, null, firstTry);
                    return;
                }
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Whatever it was, the next try may do better; until then the bytes decide.
                pause = _registry.PauseAfter(e);
                Log.Undecided(_logger, schemaId, e.Message, pause.TotalSeconds);
            }

            firstTry.TrySetResult();
            await Task.Delay(pause, _time, _stop.Token);
        }
    }

    private void Learn(int schemaId, string? text, TaskCompletionSource firstTry)
    {
        var version = _verdicts.Learn(schemaId, text is { Length: > Shapes.ProtoShape.CharsMax } ? null : text);
        lock (_gate)
        {
            _known = _known with { Texts = new Dictionary<int, string?>(_known.Texts) { [schemaId] = text } };
            _firstTries.Remove(schemaId);
        }

        var found = text is null ? "no Protobuf schema" : Shapes.ProtoShape.Parse(text)?.MessageName ?? "no message";
        if (version == ReadingBatchVersion.Unknown)
        {
            Log.Foreign(_logger, schemaId, found);
        }
        else
        {
            Log.Learned(_logger, schemaId, found, version.ToString());
        }

        // Kept before it is used: what is put aside for it now is put aside in a replay as well.
        Save();
        firstTry.TrySetResult();
    }

    private void Note(TopicSchema schema, int id, string source)
    {
        lock (_gate)
        {
            if (_ids.TryGetValue(schema, out var before) && before == id)
            {
                return;
            }

            _ids[schema] = id;
            _known = new CachedSchemas(
                new Dictionary<string, CachedId>(_known.Registered) { [schema.Subject] = new CachedId(id, schema.Hash) },
                new Dictionary<int, string?>(_known.Texts) { [id] = schema.Text });
        }

        _verdicts.Learn(id, schema.Text);
        Log.Resolved(_logger, schema.Subject, id, source);
    }

    private void Save()
    {
        CachedSchemas known;
        lock (_gate)
        {
            known = _known;
        }

        _file?.Save(known);
    }

    /// <summary>On the pool, not on the scheduler of a role that may be waiting for it.</summary>
    private void Start(Func<Task> loop)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _work.RemoveAll(t => t.IsCompleted);
            _work.Add(Task.Run(loop, CancellationToken.None));
        }
    }

    private ReadingBatchVersion TooMany()
    {
        if (!_saidTooMany)
        {
            _saidTooMany = true;
            Log.TooMany(_logger, _options.SchemasMax);
        }

        return ReadingBatchVersion.Unknown;
    }

    private bool HasId(TopicSchema schema)
    {
        lock (_gate)
        {
            return _ids.ContainsKey(schema);
        }
    }

    private int CountProvisional()
    {
        lock (_gate)
        {
            return Math.Max(0, _written - _ids.Count);
        }
    }

    private int CountUndecided()
    {
        lock (_gate)
        {
            return _firstTries.Count;
        }
    }
}
