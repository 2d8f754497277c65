using Telemetry.Fuzz.Live;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>The short form of ./telemetry fuzz live.</summary>
public sealed class LiveFuzzTests
{
    [Theory]
    [InlineData(20_261_129)]
    [InlineData(null)]
    public async Task Mutated_conversations_harm_neither_the_broker_nor_its_other_clients(int? fixedSeed)
    {
        var seed = fixedSeed ?? Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"live fuzzing with seed {seed}");
        var result = await LiveRun.RunAsync(TimeSpan.FromSeconds(10), seed, null, TestContext.Current.CancellationToken);
        result.Findings.Select(f => $"{f.Key}: {Convert.ToHexString(f.Value)}").ShouldBeEmpty($"seed {seed}");
        result.Connections.ShouldBeGreaterThan(50);
        result.Witnessed.ShouldBeGreaterThan(50);
    }
}
