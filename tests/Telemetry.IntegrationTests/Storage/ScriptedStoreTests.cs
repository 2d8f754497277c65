using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Verification;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>The sink over a store that fails by script; the engine below is the real one, in a process of its own.</summary>
public sealed class ScriptedStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-scripted-").FullName;

    [Theory]
    [InlineData("scripted")]
    [InlineData("scripted-shared")]
    public Task Every_statement_may_fail_in_every_way_and_the_store_equals_the_log(string mode) => RunAsync(mode);

    [Fact]
    public Task Part_that_cannot_be_read_for_any_reason_but_damage_stays_and_holds_nothing_up() => RunAsync("not-checked");

    [Fact]
    public Task Part_is_taken_away_only_when_damage_is_seen_twice() => RunAsync("seen-twice");

    [Fact]
    public Task Sink_of_a_table_that_refuses_everything_waits_longer_each_time_and_says_so() => RunAsync("refused-table");

    [Fact]
    public Task Rollup_of_a_month_that_raw_has_lost_survives_a_rebuild() => RunAsync("rebuild-beyond-raw");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task RunAsync(string mode)
    {
        using var child = ChildProcess.Start(mode, _directory, 31);
        await child.SucceedAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
    }
}

/// <summary>Which errors count as damage, against the engine's own names.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CorruptionCodesTests(EngineFixture fixture)
{
    [Fact]
    public async Task Codes_are_the_engines()
    {
        foreach (var (code, name) in CorruptionCodes.All)
        {
            var rows = await fixture.Engine.QueryRowsAsync($"SELECT errorCodeToName({code})", null, TestContext.Current.CancellationToken);
            rows[0][0].ShouldBe(name);
        }
    }

    [Theory]
    [InlineData(ClickHouseErrors.TimeoutExceeded)]
    [InlineData(ClickHouseErrors.MemoryLimitExceeded)]
    [InlineData(ClickHouseErrors.NotEnoughSpace)]
    [InlineData(ClickHouseErrors.QueryWasCancelled)]
    [InlineData(0)]
    [InlineData(9999)]
    public void Other_errors_are_no_damage(int code) => CorruptionCodes.Contains(code).ShouldBeFalse();

    [Theory]
    [InlineData("all_1_1_0", "1", "", "Sound")]
    [InlineData("all_1_1_0", "true", "", "Sound")]
    [InlineData("all_1_1_0", "0", "Code: 40. DB::Exception: Checksum doesn't match", "Damaged")]
    [InlineData("all_1_1_0", "0", "Code: 159. DB::Exception: Timeout exceeded", "NotChecked")]
    [InlineData("all_1_1_0", "0", "", "NotChecked")]
    [InlineData("all_2_2_0", "0", "Code: 40. DB::Exception: Checksum doesn't match", "NotChecked")]
    [InlineData("all_1_1_0", "perhaps", "", "NotChecked")]
    public void Answer_is_judged_by_what_it_says_of_this_part(string part, string passed, string message, string expected) =>
        PartsCheck.Judge(new TablePart("t", "all_1_1_0"), [[part, passed, message]]).Verdict.ToString().ShouldBe(expected);

    [Fact]
    public void Empty_answer_says_nothing() =>
        PartsCheck.Judge(new TablePart("t", "all_1_1_0"), []).Verdict.ShouldBe(PartVerdict.NotChecked);
}
