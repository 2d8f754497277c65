using Telemetry.Host.Figures;

namespace Telemetry.Tests.Host;

public sealed class PipelineTotalsTests
{
    private static readonly Dictionary<string, double> Counted = new()
    {
        ["telemetry.bridge.publishes.received"] = 5,
        ["telemetry.bridge.publishes.rejected"] = 2,
        ["telemetry.bridge.readings.stored"] = 100,
        ["telemetry.bridge.readings.rejected"] = 30,
        ["telemetry.processing.records.dead_lettered"] = 400,
        ["telemetry.storage.dead_letters"] = 5000,
    };

    [Fact]
    public void Readings_received_counts_readings_not_the_publishes_they_came_in() =>
        PipelineTotals.ReadingsReceived(Sum).ShouldBe(132);

    [Fact]
    public void Dead_letters_of_every_role_are_counted() =>
        PipelineTotals.DeadLetters(Sum).ShouldBe(5432);

    private static double Sum(string instrument) => Counted.GetValueOrDefault(instrument);
}
