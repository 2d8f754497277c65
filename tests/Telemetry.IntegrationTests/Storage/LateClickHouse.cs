using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// A wire that holds an INSERT back: the caller is told that the connection broke, the request comes to the engine when it is let go.
/// </summary>
internal sealed class LateClickHouse(IClickHouse inner, bool isShared = true) : IClickHouse
{
    private readonly Lock _gate = new();
    private readonly List<(ClickHouseQuery Query, string Structure, byte[] Block)> _held = [];
    private string? _table;

    public bool IsShared => isShared;

    /// <summary>INSERTs held back.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>The next INSERT into this table is held back.</summary>
    public void Hold(string table)
    {
        lock (_gate)
        {
            _table = table;
        }
    }

    /// <summary>Lets all go, and says how many the engine took.</summary>
    public async Task<int> ReleaseAsync()
    {
        List<(ClickHouseQuery Query, string Structure, byte[] Block)> held;
        lock (_gate)
        {
            held = [.. _held];
            _held.Clear();
        }

        var taken = 0;
        foreach (var (query, structure, block) in held)
        {
            try
            {
                await inner.InsertAsync(query, structure, block, CancellationToken.None);
                taken++;
            }
            catch (ClickHouseException e)
            {
                e.Code.ShouldBe(ClickHouseErrors.ThrowIfValueIsNonZero, e.Message);
            }
        }

        return taken;
    }

    public ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_table is not null && query.Sql.StartsWith($"INSERT INTO {_table} ", StringComparison.Ordinal))
            {
                _table = null;
                _held.Add((query, structure, block.ToArray()));
                throw new ClickHouseException(0, "The connection broke.");
            }
        }

        return inner.InsertAsync(query, structure, block, cancellationToken);
    }

    public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) => inner.ExecuteAsync(query, cancellationToken);

    public ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        inner.QueryAsync(query, cancellationToken);

    public ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) =>
        inner.StreamAsync(query, destination, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
