using System.Globalization;
using System.Text.RegularExpressions;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// One connection of the engine with a thread of its own, for one caller at a time: settings, the current database and
/// temporary tables last until <see cref="ResetAsync"/>. Apart from the lanes of <see cref="EmbeddedClickHouse"/>, so that
/// guests of the engine never stand in the way of the process's own work.
/// </summary>
public sealed partial class EngineSession : IAsyncDisposable
{
    private readonly EmbeddedClickHouseOptions _options;
    private readonly Lane _lane;
    private readonly Func<string, Task> _kill;

    private EngineSession(EmbeddedClickHouseOptions options, Lane lane, Func<string, Task> kill)
    {
        _options = options;
        _lane = lane;
        _kill = kill;
    }

    /// <summary>Runs one statement to its end.</summary>
    /// <param name="sql">The statement; <paramref name="tag"/> is put in front of it.</param>
    /// <param name="format">Format of the result where the statement names none.</param>
    /// <param name="parameters">Values of <c>{name:Type}</c> placeholders.</param>
    /// <param name="tag">A comment that no other running statement begins with; cancelling kills by it.</param>
    /// <exception cref="ClickHouseException">The engine refused or could not run the statement, or it was killed.</exception>
    public async Task<EngineAnswer> RunAsync(
        string sql,
        string format,
        IReadOnlyList<KeyValuePair<string, string>>? parameters,
        string tag,
        CancellationToken cancellationToken)
    {
        await using var killer = new QueryKiller(_kill, tag, cancellationToken);
        try
        {
            return await _lane.InvokeAsync(lane =>
            {
                using var result = lane.Connection.Query(tag + sql, format, parameters);
                return result.ToAnswer();
            });
        }
        catch (ClickHouseException e)
        {
            throw new ClickHouseException(e.Code, WithoutTag(e.Message, tag.Length), e);
        }
    }

    /// <summary>A setting, <c>USE</c> or a query about the session; quick, so never cancelled.</summary>
    public Task<EngineAnswer> RunAsync(string sql) => _lane.InvokeAsync(lane =>
    {
        using var result = lane.Connection.Query(sql, "TabSeparated", null);
        return result.ToAnswer();
    });

    /// <summary>Forgets everything of the session: a fresh connection (about half a millisecond).</summary>
    public async Task ResetAsync()
    {
        await _lane.InvokeAsync(lane =>
        {
            lane.Reconnect(ChdbConnection.Open(EngineArguments.Connect(_options)));
            return true;
        });
        await PrepareAsync();
    }

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    internal static async Task<EngineSession> OpenAsync(EmbeddedClickHouseOptions options, string name, Func<string, Task> kill)
    {
        var connection = await Task.Run(() => ChdbConnection.Open(EngineArguments.Connect(options)));
        var session = new EngineSession(options, new Lane(name, connection), kill);
        try
        {
            await session.PrepareAsync();
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Places in the statement as the caller knows it.</summary>
    private static string WithoutTag(string message, int tag) => PositionPattern().Replace(
        message,
        match => int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at > tag
            ? string.Create(CultureInfo.InvariantCulture, $"at position {at - tag}")
            : match.Value);

    [GeneratedRegex(@"at position (\d{1,9})")]
    private static partial Regex PositionPattern();

    /// <summary>As a server has it: <c>1 + 2</c> alone is no query, and one query does not take all memory.</summary>
    private Task<EngineAnswer> PrepareAsync()
    {
        var memory = _options.QueryMemoryBytesMax.ToString(CultureInfo.InvariantCulture);
        var spill = (_options.QueryMemoryBytesMax / 2).ToString(CultureInfo.InvariantCulture);
        return RunAsync(
            $"SET implicit_select = 0, max_memory_usage = {memory}, "
            + $"max_bytes_before_external_group_by = {spill}, max_bytes_before_external_sort = {spill}");
    }
}
