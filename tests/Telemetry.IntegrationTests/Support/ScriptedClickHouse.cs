using System.Text.RegularExpressions;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// A store that fails by script, over a real one: before each statement the script may name a fault for it. What it does not name
/// goes through. Keeps count of what was asked and what failed.
/// </summary>
internal sealed partial class ScriptedClickHouse(IClickHouse inner, bool? isShared = null) : IClickHouse
{
    private readonly Lock _gate = new();
    private readonly List<ScriptedStatement> _statements = [];
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Decides what becomes of a statement; null lets it through. Called by one thread at a time.</summary>
    public Func<ScriptedStatement, StoreFault?> Script { get; set; } = static _ => null;

    /// <summary>Statements that the script has failed so far.</summary>
    public int Failed
    {
        get
        {
            lock (_gate)
            {
                return _statements.Count(s => s.Fault is not null);
            }
        }
    }

    /// <summary>Everything asked so far, in order.</summary>
    public IReadOnlyList<ScriptedStatement> Statements
    {
        get
        {
            lock (_gate)
            {
                return [.. _statements];
            }
        }
    }

    public bool IsShared => isShared ?? inner.IsShared;

    /// <summary>Ends all that hangs now.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _release.TrySetResult();
            _release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) => RunAsync(
        query, Classify(query.Sql), async () => await inner.ExecuteAsync(query, cancellationToken), cancellationToken);

    public ValueTask InsertAsync(ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) => RunAsync(
        query, StatementClass.Insert, async () => await inner.InsertAsync(query, structure, block, cancellationToken), cancellationToken);

    public async ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        var fault = Decide(query, Classify(query.Sql));
        if (fault == StoreFault.Short)
        {
            var whole = await inner.QueryAsync(query, cancellationToken);
            return whole with { Body = whole.Body[..(whole.Body.Length / 2)] };
        }

        await FailBeforeAsync(fault, cancellationToken);
        var result = await inner.QueryAsync(query, cancellationToken);
        return fault is null ? result : throw fault.Value.Error();
    }

    public async ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken)
    {
        var fault = Decide(query, StatementClass.Stream);
        await FailBeforeAsync(fault, cancellationToken);
        if (fault == StoreFault.Short)
        {
            var whole = await inner.QueryAsync(query, cancellationToken);
            await destination.WriteAsync(whole.Body[..(whole.Body.Length / 2)], cancellationToken);
            throw fault.Value.Error();
        }

        var summary = await inner.StreamAsync(query, destination, cancellationToken);
        return fault is null ? summary : throw fault.Value.Error();
    }

    /// <summary>The real store stays open; it is its owner's.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask RunAsync(ClickHouseQuery query, StatementClass kind, Func<Task> run, CancellationToken cancellationToken)
    {
        var fault = Decide(query, kind);
        await FailBeforeAsync(fault, cancellationToken);
        await run();
        if (fault is not null)
        {
            throw fault.Value.Error();
        }
    }

    private async ValueTask FailBeforeAsync(StoreFault? fault, CancellationToken cancellationToken)
    {
        if (fault is null or StoreFault.BrokenAfter or StoreFault.Short)
        {
            return;
        }

        if (fault == StoreFault.Hang)
        {
            Task release;
            lock (_gate)
            {
                release = _release.Task;
            }

            await release.WaitAsync(cancellationToken);
        }

        throw fault.Value.Error();
    }

    private StoreFault? Decide(ClickHouseQuery query, StatementClass kind)
    {
        lock (_gate)
        {
            var statement = new ScriptedStatement(kind, query, null);
            statement = statement with { Fault = Script(statement) };
            _statements.Add(statement);
            return statement.Fault;
        }
    }

    private static StatementClass Classify(string sql)
    {
        var word = FirstWord().Match(sql).Value.ToUpperInvariant();
        return word switch
        {
            "INSERT" => StatementClass.InsertSelect,
            "CREATE" or "DROP" => StatementClass.Create,
            "ALTER" => sql.Contains(" DETACH ", StringComparison.Ordinal) ? StatementClass.Detach : StatementClass.Alter,
            "SYSTEM" => StatementClass.System,
            "KILL" => StatementClass.Kill,
            "CHECK" => StatementClass.Check,
            _ when sql.Contains("startsWith(sensor", StringComparison.Ordinal) => StatementClass.Markers,
            _ when sql.Contains("FROM system.", StringComparison.Ordinal) => StatementClass.SystemTables,
            _ => StatementClass.Select,
        };
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex FirstWord();
}

/// <summary>A statement that came to a <see cref="ScriptedClickHouse"/>.</summary>
/// <param name="Class">What it does.</param>
/// <param name="Query">The statement.</param>
/// <param name="Fault">How it failed; null when it went through.</param>
internal sealed record ScriptedStatement(StatementClass Class, ClickHouseQuery Query, StoreFault? Fault);
