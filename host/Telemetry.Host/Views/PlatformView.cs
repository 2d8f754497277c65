using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Telemetry.Host.Composition;
using Telemetry.Query.Health;

namespace Telemetry.Host.Views;

/// <summary>The running platform at a glance: rates, lag, latency, anomalies, where to look.</summary>
/// <param name="look">How it is now.</param>
/// <param name="simulator">The fleet; null without one.</param>
/// <param name="plain">Lines instead of a live view.</param>
/// <param name="stopping">What a stop that has begun does; null while there is none.</param>
internal sealed class PlatformView(Func<PlatformLook> look, Func<SimulatorProcess?> simulator, bool plain, Func<string?> stopping)
{
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);

    /// <summary>Shows until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        plain || Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive
            ? RunPlainAsync(cancellationToken)
            : RunLiveAsync(cancellationToken);

    private async Task RunPlainAsync(CancellationToken cancellationToken)
    {
        var (http, mqtt, _, _, roles) = look();
        Console.Error.WriteLine($"Telemetry is up. Console and API: http://{http}/  MQTT: {mqtt}");
        foreach (var role in roles)
        {
            Console.Error.WriteLine("  " + role);
        }

        using var timer = new PeriodicTimer(PlainEvery);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var health = look().Health;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"in {Rate(health.Rates.Received)} acked {Rate(health.Rates.Acked)} stored {Rate(health.Rates.Stored)} rolled up {Rate(health.Rates.RolledUp)} anomalies {Rate(health.Rates.Anomalies)} | lag {Lag(health)} | puback {Latency(health.Latency.PubackMs)} e2e {Latency(health.Latency.E2eMs)} | {health.Connections} connections{Simulator()}"));
        }
    }

    private async Task RunLiveAsync(CancellationToken cancellationToken)
    {
        await AnsiConsole.Live(Render()).AutoClear(false).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            try
            {
                do
                {
                    live.UpdateTarget(Render());
                }
                while (await timer.WaitForNextTickAsync(cancellationToken));
            }
            catch (OperationCanceledException)
            {
                live.UpdateTarget(Render()); // The last look stays on the terminal, with what a stop does.
            }
        });
    }

    private Table Render()
    {
        var (http, mqtt, health, notReady, roles) = look();
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]Telemetry[/]").HideHeaders();
        table.AddColumn("what").AddColumn("figure");
        table.AddRow("Console and API", $"[link]http://{http}/[/]");
        table.AddRow("MQTT", $"{mqtt}  ({health.Connections ?? 0:N0} connections)");
        table.AddRow("Readings in / acked", $"{Rate(health.Rates.Received)} / [green]{Rate(health.Rates.Acked)}[/]");
        table.AddRow("Stored / rolled up", $"[green]{Rate(health.Rates.Stored)}[/] / {Rate(health.Rates.RolledUp)}");
        table.AddRow("Anomalies", Rate(health.Rates.Anomalies));
        table.AddRow("Lag", Lag(health));
        table.AddRow("PUBACK p50/p95/p99", Latency(health.Latency.PubackMs));
        table.AddRow("Device to queryable p50/p95/p99", Latency(health.Latency.E2eMs));
        table.AddRow("Dead letters / duplicates", $"{health.DeadLetters ?? 0:N0} / {health.Duplicates ?? 0:N0}");
        table.AddRow("Simulator", Markup.Escape(Simulator().TrimStart(' ', '|')));
        foreach (var role in roles)
        {
            table.AddRow("Process", Markup.Escape(role));
        }

        foreach (var reason in notReady)
        {
            table.AddRow("[red]Not ready[/]", Markup.Escape(reason));
        }

        table.Caption(Markup.Escape(stopping() is { } says ? says + " Ctrl-C again ends at once." : "Ctrl-C stops cleanly; a second one ends at once"));
        return table;
    }

    private string Simulator()
    {
        var process = simulator();
        if (process is null)
        {
            return "";
        }

        if (process.HasExited)
        {
            return $" | simulator ended with code {process.ExitCode}";
        }

        return process.Progress is { } progress && progress.TryGetProperty("Sent", out _)
            ? string.Create(CultureInfo.InvariantCulture, $" | fleet: {Number(progress, "Connected"):N0} connected, {Number(progress, "Sent"):N0} sent, {Number(progress, "Acked"):N0} acked")
            : " | fleet is connecting";
    }

    private static long Number(JsonElement progress, string name) => progress.GetProperty(name).GetInt64();

    private static string Rate(double? rate) => rate is { } r ? string.Create(CultureInfo.InvariantCulture, $"{r:N0}/s") : "-";

    private static string Lag(PipelineHealth health) => string.Join(", ", health.Lag.GroupBy(l => l.Group).Select(g =>
        string.Create(CultureInfo.InvariantCulture, $"{g.Key} {g.Sum(l => l.Records):N0} ({g.Max(l => l.Seconds):F1} s)")));

    private static string Latency(LatencyQuantiles? q) =>
        q is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{q.P50:F0}/{q.P95:F0}/{q.P99:F0} ms");
}
