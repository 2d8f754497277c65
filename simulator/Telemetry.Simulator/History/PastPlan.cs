using Telemetry.Simulator.Options;

namespace Telemetry.Simulator.History;

/// <summary>
/// The fleet's past before it runs: some of its devices, at the pace they will have, on a fast clock that ends at the real now. It goes through the
/// same door and has a ledger and boots of its own, so it is counted as everything else is. It is over before the live fleet begins: every partition of
/// the log sees times in order.
/// </summary>
/// <param name="Fleet">The devices that have a past, and how they send it.</param>
/// <param name="Speed">How much faster than real the clock runs.</param>
/// <param name="Span">How long the past is.</param>
internal sealed record PastPlan(SimulatorOptions Fleet, double Speed, TimeSpan Span)
{
    /// <summary>Readings of the past at most: beyond it devices measure more seldom.</summary>
    public const int ReadingsMax = 2_000_000;

    private const int PerPublishMax = 1000;
    private const ushort KeepAliveMax = ushort.MaxValue;

    /// <summary>Null: this fleet has no past.</summary>
    public static PastPlan? Of(SimulatorOptions options)
    {
        if (options.History is not { Ticks: > 0 } history || options.RatePerHour <= 0)
        {
            return null;
        }

        var devices = Math.Min(options.HistoryDevices, options.Devices);
        var within = options.HistoryWithin;

        // The clock makes up for the time that playing takes.
        var speed = (history / within) + 1;
        var live = 3600.0 * options.Devices / options.RatePerHour;
        var interval = Math.Max(live, history.TotalSeconds * devices / ReadingsMax);

        // Publishes come about as often as those of the live fleet will, so that a device's pace is learned once.
        var publishes = Math.Max(1, within.TotalSeconds / Math.Max(1, live * options.ReadingsPerPublish));
        var perPublish = (int)Math.Clamp(Math.Round(history.TotalSeconds / interval / publishes), 1, PerPublishMax);
        return new PastPlan(
            options with
            {
                Devices = devices,
                RatePerHour = 3600 * devices / interval,
                ReadingsPerPublish = perPublish,
                BurstFactor = 1,
                Duration = history + within,
                LastPublishAt = history + within - TimeSpan.FromMinutes(1),
                DrainTimeout = options.DrainTimeout * speed,
                KeepAlive = Shorter(options.KeepAlive * speed, TimeSpan.FromSeconds(KeepAliveMax)),
                ReconnectDelay = options.ReconnectDelay * speed,
                ReconnectDelayMax = options.ReconnectDelayMax * speed,
                ProgressInterval = options.ProgressInterval * speed,
                CommandFilter = "",
                ReportPath = null,
                RunId = null,
                History = null,
            },
            speed,
            history);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
