using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Contracts;

public class IncidentContractTests
{
    /// <summary>Detectors speak of anomaly kinds and incidents of their own: two enums, since a schema file stands alone in a registry.</summary>
    [Fact]
    public void Kinds_of_incidents_and_anomalies_have_the_same_names_and_numbers()
    {
        Enum.GetValues<IncidentKind>().Select(k => ((int)k, k.ToString()))
            .ShouldBe(Enum.GetValues<AnomalyKind>().Select(k => ((int)k, k.ToString())));
    }
}
