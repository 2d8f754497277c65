using Telemetry.Fuzz.Codec;

namespace Telemetry.Tests.Mqtt;

/// <summary>
/// The short form of ./telemetry fuzz codec, not guided by coverage: a seed that is always the same, and one that never is. It takes all cores
/// and much of the collector's time, so nothing else runs beside it.
/// </summary>
[Collection(FuzzingCollection.Name)]
public sealed class CodecFuzzTests
{
    [Theory]
    [InlineData(20_261_129)]
    [InlineData(null)]
    public void Mutated_packets_break_no_rule_of_the_codec(int? fixedSeed)
    {
        var seed = fixedSeed ?? Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"codec fuzzing with seed {seed}");
        using var fuzzer = new CodecFuzzer(seed, Corpus.Read());
        fuzzer.Run(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        fuzzer.Findings.Select(f => $"{f.Key}: {Convert.ToHexString(f.Value)}").ShouldBeEmpty($"seed {seed}");
        fuzzer.Executions.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Corpus_has_packets_of_every_type()
    {
        var inputs = Corpus.Read();
        inputs.Select(Convert.ToHexString).ShouldBeUnique();
        inputs.Select(input => input[0] >> 4).Distinct().Order().ShouldBe(Enumerable.Range(1, 15));
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FuzzingCollection
{
    public const string Name = "Fuzzing";
}
