using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Ownership;

/// <summary>
/// Keeps a former owner's INSERT out of what the tables hold of a log partition. Each taking of partitions writes a claim (table
/// <c>sink_claims</c>), and each INSERT carries a condition that the engine evaluates after it has listed the statement in
/// <c>system.processes</c> and before it writes anything: the claims of all partitions in the block are still the newest. So after
/// claim, then wait until no older INSERT is listed, the markers can be read: what passed its check before the claim has ended,
/// and what comes to its check later is refused, whatever wire or process held it back.
/// </summary>
/// <remarks>
/// With the engine in this process its directory lock keeps others out and the session awaits its own INSERTs, so nothing of
/// this is done, unless <see cref="FenceOptions.Embedded"/> says so.
/// </remarks>
internal sealed class SinkClaims(IClickHouse clickHouse, string source, FenceOptions options, ILogger logger, TimeProvider time)
{
    /// <summary>
    /// Keeps one INSERT one block and synchronous; async_insert is on by default. Stay below 1,000,000 rows. No two rows of a block have one
    /// key, so there is nothing to merge before it is written.
    /// </summary>
    private const string Settings =
        "async_insert = 0, optimize_on_insert = 0, max_insert_threads = 1, max_threads = 1, max_block_size = 1000000, max_insert_block_size = 1000000, "
        + "min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, max_partitions_per_insert_block = 0, "
        + "max_memory_usage = 0, max_execution_time = 0";

    private readonly Dictionary<int, Claim> _claims = [];
    private readonly RunningInserts _running = new(clickHouse, source, options, time);
    private readonly string _session = Session(options.Instance);
    private StoreLayout? _layout;
    private int _round;
    private long _statements;

    /// <summary>True: others may write this store.</summary>
    public bool Enabled { get; } = clickHouse.IsShared || options.Embedded;

    /// <summary>Partitions claimed and not released.</summary>
    public IReadOnlyCollection<int> Partitions => _claims.Keys;

    /// <summary>Claims partitions, and returns when nobody else's INSERT of them is running or will be taken.</summary>
    /// <exception cref="ClaimLostException">Another one claimed at the same time and came out ahead.</exception>
    /// <exception cref="ClickHouseException">The store failed, or a former owner's INSERT cannot be ended.</exception>
    public async ValueTask ClaimAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        if (!Enabled || partitions.Count == 0)
        {
            return;
        }

        var layout = await LayoutAsync(cancellationToken);
        var list = string.Join(", ", partitions);
        var newest = await clickHouse.QueryRowsAsync(
            $"SELECT max(claim.1) FROM sink_claims WHERE source = '{source}' AND partition IN ({list}) SETTINGS select_sequential_consistency = 1",
            null,
            cancellationToken);
        var claim = new Claim(
            ulong.Parse(newest[0][0], CultureInfo.InvariantCulture) + 1,
            string.Create(CultureInfo.InvariantCulture, $"{_session}-{++_round}"));
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                $"INSERT INTO sink_claims SELECT '{source}', arrayJoin([{list}]), ({{epoch:UInt64}}, {{owner:String}}) SETTINGS async_insert = 0",
                [new("epoch", claim.Epoch.ToString(CultureInfo.InvariantCulture)), new("owner", claim.Owner)]),
            cancellationToken);
        foreach (var partition in partitions)
        {
            _claims[partition] = claim;
        }

        await new ClaimReplication(clickHouse, layout, options, time).WaitAsync(source, claim, partitions.Count, cancellationToken);
        await VerifyAsync(partitions, cancellationToken);
        var ended = await _running.EndAsync(layout, partitions, cancellationToken);
        Log.PartitionsClaimed(logger, source, list, claim.Epoch, claim.Owner, ended);
    }

    /// <summary>Where the store's server stands in its cluster; read once.</summary>
    public async ValueTask<StoreLayout> LayoutAsync(CancellationToken cancellationToken) =>
        _layout ??= await StoreLayout.ReadAsync(clickHouse, cancellationToken);

    /// <summary>After a claim: this replica holds what any replica of its shard has acknowledged.</summary>
    public async ValueTask CatchUpAsync(IEnumerable<string> tables, CancellationToken cancellationToken)
    {
        if ((await LayoutAsync(cancellationToken)).Cluster is null)
        {
            return;
        }

        foreach (var table in tables)
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"SYSTEM SYNC REPLICA {table}"), cancellationToken);
        }
    }

    /// <summary>Claims what is not ours of all partitions there are, which stops every other sink.</summary>
    /// <returns>What was claimed; release it when done.</returns>
    public async ValueTask<IReadOnlyList<int>> ClaimOthersAsync(int partitions, CancellationToken cancellationToken)
    {
        var others = Enumerable.Range(0, partitions).Where(p => !_claims.ContainsKey(p)).ToList();
        await ClaimAsync(others, cancellationToken);
        return others;
    }

    /// <summary>Partitions that are another's from now on.</summary>
    public void Release(IEnumerable<int> partitions)
    {
        foreach (var partition in partitions)
        {
            _claims.Remove(partition);
        }
    }

    /// <summary>Forgets all claims, as a sink does that starts anew.</summary>
    public void Clear() => _claims.Clear();

    /// <summary>Asks the engine whether a partition is still ours; at once without claims.</summary>
    /// <exception cref="ClaimLostException">It is another's.</exception>
    public ValueTask VerifyAsync(int partition, CancellationToken cancellationToken) =>
        Enabled ? VerifyAsync([partition], cancellationToken) : ValueTask.CompletedTask;

    /// <summary>Mark and condition for a statement that rebuilds a table from others; empty and true without claims.</summary>
    public (string Tag, string Guard) Rebuild() =>
        Enabled ? (RunningInserts.Tag(RunningInserts.RebuildOf(source), _claims.Keys), Guard(_claims.Keys)) : ("", "1");

    /// <summary>Inserts a block in Native format, if our claims are still the newest.</summary>
    /// <param name="table">Table.</param>
    /// <param name="columns">Columns, between commas.</param>
    /// <param name="structure">Their names and types.</param>
    /// <param name="partitions">Log partitions whose rows are in the block; may name one several times.</param>
    /// <param name="block">The block.</param>
    /// <param name="cancellationToken">Leaves the INSERT in doubt.</param>
    /// <exception cref="ClaimLostException">The engine refused it: a claim of ours is not the newest any more.</exception>
    public async ValueTask InsertAsync(
        string table, string columns, string structure, IEnumerable<int> partitions, ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        try
        {
            await clickHouse.InsertAsync(Fence($"INSERT INTO {table} ({columns}) SETTINGS {Settings}", partitions), structure, block, cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == ClickHouseErrors.ThrowIfValueIsNonZero)
        {
            throw Lost(partitions, e);
        }
    }

    /// <summary>Puts the check, a mark that other sinks find in the list of processes, and a query id on an INSERT.</summary>
    private ClickHouseQuery Fence(string insert, IEnumerable<int> partitions)
    {
        if (!Enabled)
        {
            return new ClickHouseQuery($"{insert} FORMAT Native");
        }

        var mine = partitions.Distinct().Order().ToList();
        var id = string.Create(CultureInfo.InvariantCulture, $"{_session}-{_round}-{Interlocked.Increment(ref _statements)}");

        // Replicated tables drop blocks that look like a former one, also a rightful refill; with a token only the same statement sent twice.
        var token = _layout?.Cluster is null ? "" : $", insert_deduplicate = 1, insert_deduplication_token = '{id}'";
        return new ClickHouseQuery(
            $"{insert}{token}, log_comment = '{RunningInserts.Tag(source, mine)}' FORMAT Native", QueryId: id, Guard: Guard(mine));
    }

    /// <summary>
    /// True in SQL, or throws: of each partition there is one claim at or above ours, and it is ours. (A merge may have put a greater one in
    /// the place of ours, so one is not enough.)
    /// </summary>
    private string Guard(IReadOnlyCollection<int> partitions)
    {
        var conditions = partitions.GroupBy(p => _claims[p]).Select(g => string.Create(
            CultureInfo.InvariantCulture, $"partition IN ({string.Join(", ", g)}) AND claim >= ({g.Key.Epoch}, '{g.Key.Owner}')"));
        var owners = string.Join(", ", partitions.Select(p => $"'{_claims[p].Owner}'").Distinct());
        var count = partitions.Count.ToString(CultureInfo.InvariantCulture);
        return $"(SELECT throwIf(count() != {count} OR countIf(claim.2 IN ({owners})) != {count}, '{RunningInserts.Refusal}') FROM sink_claims "
            + $"WHERE source = '{source}' AND ({string.Join(" OR ", conditions)})) = 0";
    }

    /// <summary>Unique, and fit to stand in a literal.</summary>
    private static string Session(string instance) =>
        $"{string.Concat(instance.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'))}-{Guid.NewGuid().ToString("N")[..8]}";

    private async ValueTask VerifyAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        try
        {
            await clickHouse.QueryRowsAsync($"SELECT {Guard(partitions)}", null, cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == ClickHouseErrors.ThrowIfValueIsNonZero)
        {
            throw Lost(partitions, e);
        }
    }

    private ClaimLostException Lost(IEnumerable<int> partitions, ClickHouseException inner) => new(
        $"Another sink has claimed one of the partitions {string.Join(", ", partitions.Distinct())} of {source}: nothing was written. "
        + "What is still ours is claimed again and compared with the log.",
        inner);
}
