using System.Text;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>
/// A statement from the moment its request is read until the engine is done with it. libchdb takes no query id, so a comment
/// in front of the statement carries the client's.
/// </summary>
internal sealed class RunningQuery(string id, string user) : IDisposable
{
    private readonly CancellationTokenSource _killed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    public string User => user;

    /// <summary>Text of the statement, once it is known.</summary>
    public string Sql { get; set; } = "";

    /// <summary>The comment that names this statement in the engine.</summary>
    public string Tag { get; } = $"/*{ProcessTable.Mark}{Convert.ToHexString(Encoding.UTF8.GetBytes(id))}*/ ";

    /// <summary>Fires when the statement is to end.</summary>
    public CancellationToken Killed => _killed.Token;

    /// <summary>Completes when nothing of the statement can happen any more.</summary>
    public Task Ended => _ended.Task;

    public void Kill()
    {
        try
        {
            _killed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void Dispose()
    {
        _ended.TrySetResult();
        _killed.Dispose();
    }
}
