using System.Text;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>One connection of libchdb. Every member blocks and must be called by one thread at a time.</summary>
internal sealed unsafe class ChdbConnection
{
    private nint* _cell;

    private ChdbConnection(nint* cell) => _cell = cell;

    public static ChdbConnection Open(IReadOnlyList<string> arguments)
    {
        var cell = (nint*)0;
        using (var native = new NativeStrings(arguments))
        {
            cell = LibChdb.Connect(arguments.Count, native.Pointers);
        }

        return cell is null || *cell == 0
            ? throw new ClickHouseException(
                0,
                $"The ClickHouse engine does not open ({string.Join(' ', arguments.Skip(1))}). Another process has the data "
                + "directory open, this process has another one open, or its files are damaged; the engine's own message is on "
                + "standard error.")
            : new ChdbConnection(cell);
    }

    public void Close()
    {
        if (_cell is not null)
        {
            LibChdb.CloseConnection(_cell);
            _cell = null;
        }
    }

    /// <summary>Runs a statement to its end. The caller disposes of the result.</summary>
    /// <exception cref="ClickHouseException">The engine reported an error.</exception>
    public ChdbResult Query(string sql, string format, IReadOnlyList<KeyValuePair<string, string>>? parameters) =>
        Take(Call(sql, format, parameters));

    private ChdbResult Take(nint handle)
    {
        try
        {
            return ChdbResult.Take(handle);
        }
        catch (ClickHouseException)
        {
            DropLeftovers();
            throw;
        }
    }

    /// <summary>
    /// What a failed statement had written already stands in front of the next result of the connection,
    /// and the failed one may still be in system.processes (seen with libchdb 26.7): a statement without a result takes both away.
    /// </summary>
    private void DropLeftovers()
    {
        fixed (byte* query = "SELECT 1"u8)
        fixed (byte* format = "Null"u8)
        {
            var result = LibChdb.Query(*_cell, query, 8, format, 4, null, null, null, null, 0);
            if (result != 0)
            {
                LibChdb.DestroyResult(result);
            }
        }
    }

    private nint Call(string sql, string format, IReadOnlyList<KeyValuePair<string, string>>? parameters)
    {
        ObjectDisposedException.ThrowIf(_cell is null, this);
        var query = Encoding.UTF8.GetBytes(sql);
        var formatBytes = Encoding.UTF8.GetBytes(format);
        using var names = new NativeStrings(parameters?.Select(p => p.Key).ToArray() ?? []);
        using var values = new NativeStrings(parameters?.Select(p => p.Value).ToArray() ?? []);
        fixed (byte* q = query)
        fixed (byte* f = formatBytes)
        {
            return LibChdb.Query(
                *_cell, q, (nuint)query.Length, f, (nuint)formatBytes.Length,
                names.Pointers, names.Lengths, values.Pointers, values.Lengths, (nuint)names.Count);
        }
    }
}
