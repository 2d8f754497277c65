using System.Globalization;

namespace Telemetry.Chaos.Schedules;

/// <summary>One fault of a schedule.</summary>
/// <param name="At">Since the begin of the faults.</param>
/// <param name="Kind">What happens, by its name in the <see cref="FaultCatalogue"/>.</param>
/// <param name="Target">A role's instance, a broker or a link.</param>
/// <param name="Duration">Until it is healed.</param>
/// <param name="Seed">For what the fault draws while it lasts.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, string Target, TimeSpan Duration, int Seed)
{
    public TimeSpan End => At + Duration;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.TotalSeconds,5:F1} s {Kind.Name} {Target} for {Duration.TotalSeconds:F1} s");
}
