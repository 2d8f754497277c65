using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>The engine on a disk that cuts files: now and then, after an INSERT, the newest part of a table loses the end of its data.</summary>
internal sealed class DamagingClickHouse(IClickHouse inner, int seed) : IClickHouse
{
    private readonly Random _random = new(seed);
    private readonly Lock _gate = new();

    /// <summary>Held while a part is damaged: one that is read back between its merge and its damage would count as sound for a long time.</summary>
    private readonly SemaphoreSlim _damaging = new(1);
    private int _damaged;
    private int _damagedMerged;

    /// <summary>True: parts are damaged.</summary>
    public volatile bool Armed;

    public int Damaged => Volatile.Read(ref _damaged);

    /// <summary>Of them, parts that a merge made.</summary>
    public int DamagedMerged => Volatile.Read(ref _damagedMerged);

    public bool IsShared => inner.IsShared;

    public async ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        await inner.InsertAsync(query, structure, block, cancellationToken);
        var table = query.Sql.Split(' ')[2];
        if (!Armed || !Draw())
        {
            return;
        }

        await _damaging.WaitAsync(cancellationToken);
        try
        {
            await DamageAsync(table, cancellationToken);
        }
        finally
        {
            _damaging.Release();
        }
    }

    private async Task DamageAsync(string table, CancellationToken cancellationToken)
    {
        var isMerged = Draw();
        if (isMerged)
        {
            // Old rows, from below the checkpoint, in the part that is lost.
            await inner.ExecuteAsync(new ClickHouseQuery($"SYSTEM START MERGES {table}"), cancellationToken);
            await inner.ExecuteAsync(new ClickHouseQuery($"OPTIMIZE TABLE {table} FINAL"), cancellationToken);
        }

        var rows = await inner.QueryRowsAsync(
            $"SELECT path FROM system.parts WHERE active AND database = currentDatabase() AND table = '{table}' AND level {(isMerged ? ">" : ">=")} 0 ORDER BY modification_time DESC, max_block_number DESC LIMIT 1",
            null,
            cancellationToken);
        if (rows.Count == 0)
        {
            return;
        }

        await using var file = new FileStream(Path.Combine(rows[0][0], "data.bin"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(file.Length / 2);
        Interlocked.Increment(ref _damaged);
        if (isMerged)
        {
            Interlocked.Increment(ref _damagedMerged);
        }
    }

    public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) => inner.ExecuteAsync(query, cancellationToken);

    public async ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        if (query.Sql.StartsWith("CHECK TABLE", StringComparison.Ordinal))
        {
            await _damaging.WaitAsync(cancellationToken);
            _damaging.Release();
        }

        return await inner.QueryAsync(query, cancellationToken);
    }

    public ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) =>
        inner.StreamAsync(query, destination, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _damaging.Dispose();
        return ValueTask.CompletedTask;
    }

    private bool Draw()
    {
        lock (_gate)
        {
            return _random.Next(3) == 0;
        }
    }
}
