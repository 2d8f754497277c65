namespace Telemetry.Fuzz.Live;

/// <summary>
/// Patience counted in beats of this process and not by the clock on the wall: where other work leaves it no processor for long, its own timers
/// come late too, and a broker in the same process is not to blame.
/// </summary>
internal sealed class Patience : IDisposable
{
    /// <summary>Beats of a second: longer than anything needs, so what takes so long shows a broker that hangs.</summary>
    public const int Beats = 60;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _over = new();

    public Patience() => _ = CountAsync();

    /// <summary>Fires when patience is lost.</summary>
    public CancellationToken Token => _lost.Token;

    public bool IsLost => _lost.IsCancellationRequested;

    public void Dispose() => _over.Cancel();

    private async Task CountAsync()
    {
        for (var beat = 0; beat < Beats; beat++)
        {
            await Task.Delay(Beat, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_over.IsCancellationRequested)
            {
                _lost.Dispose();
                _over.Dispose();
                return;
            }
        }

        await _lost.CancelAsync();
    }
}
