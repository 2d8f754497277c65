using Telemetry.Contracts.Alarms;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Parts;
using Telemetry.Query.Setup;

namespace Telemetry.Query;

/// <summary>
/// The query role. Map it with <c>MapTelemetryApi</c>, keep <see cref="RunAsync"/> running beside the web server, and dispose it after the
/// server has stopped.
/// </summary>
public sealed class QueryRole(QueryServices services) : IAsyncDisposable
{
    /// <summary>Completes when live values flow; completed from the start when there is no log.</summary>
    public Task LiveStarted => Parts.Tail?.Started ?? Task.CompletedTask;

    /// <summary>The catalogue; null when there is no log.</summary>
    public CatalogueDesk? Catalogue => Parts.Catalogue;

    /// <summary>Names of the alarm rules in force that name this device alone.</summary>
    public IReadOnlyList<string> RulesNaming(string device) =>
        Parts.Alarms is { Rules.Document: { IsEmpty: false } document } && AlarmRulesReader.Read(document.Memory, out _) is { } rules
            ? [.. rules.Rules.Where(r => r.Devices.ToString() == device).Select(r => r.Name)]
            : [];

    internal QueryParts Parts { get; } = new(services);

    /// <summary>Follows the log for live values until cancelled, then ends the live streams. Without a log it only waits.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Parts is { Tail: { } tail, Commands: { } commands, Alarms: { } alarms, Catalogue: { } catalogue })
            {
                await Task.WhenAll(
                    tail.RunAsync(cancellationToken),
                    commands.RunAsync(cancellationToken),
                    alarms.RunAsync(cancellationToken),
                    catalogue.RunAsync(cancellationToken));
            }
            else
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, Parts.Services.Time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            await Parts.StopAsync();
        }
    }

    public ValueTask DisposeAsync() => Parts.DisposeAsync();
}
