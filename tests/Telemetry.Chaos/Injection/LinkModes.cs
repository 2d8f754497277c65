using Telemetry.Chaos.Schedules;
using Telemetry.Testing.Faults;

namespace Telemetry.Chaos.Injection;

/// <summary>How bad a link gets: drawn from the fault's own seed.</summary>
internal static class LinkModes
{
    private const int LatencyMillisecondsMin = 20;
    private const int LatencyMillisecondsMax = 400;
    private const int BytesPerSecondMin = 2_000;
    private const int BytesPerSecondMax = 50_000;

    public static LinkMode Of(Fault fault)
    {
        var random = new Random(fault.Seed);
        return fault.Kind.Action switch
        {
            FaultAction.Delay => Delay(random),
            FaultAction.Throttle => LinkMode.Throttle(random.Next(BytesPerSecondMin, BytesPerSecondMax)),
            FaultAction.Drop => LinkMode.Blackhole,
            FaultAction.Hold => LinkMode.Hold,
            FaultAction.Refuse => LinkMode.Refuse,
            FaultAction.Reset => LinkMode.Pass, // Its connections are reset one time after another.
            _ => throw new InvalidOperationException($"{fault.Kind.Name} is not played on a link."),
        };
    }

    private static LinkMode Delay(Random random)
    {
        var latency = TimeSpan.FromMilliseconds(random.Next(LatencyMillisecondsMin, LatencyMillisecondsMax));
        return LinkMode.Delay(latency, latency);
    }
}
