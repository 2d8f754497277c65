using System.Globalization;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What <see cref="ChildProcess"/> runs; nothing in an ordinary test run.</summary>
public sealed class StorageChild
{
    private static readonly string? Mode = Environment.GetEnvironmentVariable(ChildProcess.ModeVariable);

    [Fact(Explicit = true)]
    public async Task Run()
    {
        Assert.SkipUnless(Mode is not null, "Started by other tests.");
        var directory = Environment.GetEnvironmentVariable(ChildProcess.DirectoryVariable)!;
        var seed = int.Parse(Environment.GetEnvironmentVariable(ChildProcess.SeedVariable)!, CultureInfo.InvariantCulture);
        var shared = Mode.EndsWith("-shared", StringComparison.Ordinal);
        if (shared)
        {
            StorageHarness.Share();
        }

        await ((shared ? Mode[..^"-shared".Length] : Mode) switch
        {
            "feed" => StorageScenarios.FeedUntilKilledAsync(directory, seed),
            "verify" => StorageScenarios.VerifyAsync(directory),
            "lose-parts" => StorageScenarios.LosePartsAsync(directory, seed),
            "failing-target" => StorageScenarios.FailingTargetAsync(directory, seed),
            "late" => StorageScenarios.LateDataAsync(directory, seed),
            "damaged-parts" => DamageScenarios.DamagedPartsAsync(directory, seed),
            "store" => DamageScenarios.StoreAsync(directory, seed),
            "hole" => DamageScenarios.HoleAsync(directory, seed),
            "two-sinks" => DamageScenarios.TwoSinksAsync(directory, seed),
            "disk-floor" => DamageScenarios.DiskFloorAsync(directory, seed),
            "late-inserts" => FenceScenarios.LateInsertsAsync(directory, seed),
            "late-insert-unfenced" => FenceScenarios.LateInsertWithoutClaimsAsync(directory, seed),
            "rebuild" => FenceScenarios.SharedRebuildAsync(directory, seed),
            "serve" => SharedStoreScenarios.ServeAsync(directory),
            "join" => SharedStoreScenarios.JoinAsync(directory, seed, fenced: true),
            "join-unfenced" => SharedStoreScenarios.JoinAsync(directory, seed, fenced: false),
            "replay" => ReplayScenarios.MendAsync(directory, seed),
            "deletion" => DeletionScenarios.AnywhereAsync(directory, seed),
            "scripted" => ScriptedScenarios.EveryFaultAsync(directory, seed),
            "not-checked" => ScriptedScenarios.NotCheckedAsync(directory, seed),
            "seen-twice" => ScriptedScenarios.SeenTwiceAsync(directory, seed),
            "refused-table" => ScriptedScenarios.RefusedTableAsync(directory, seed),
            "rebuild-beyond-raw" => ScriptedScenarios.RebuildBeyondRawAsync(directory, seed),
            "rebuild-expired-days" => RebuildScenarios.ExpiredDaysAsync(directory),
            "rebuild-large-month" => RebuildScenarios.LargeMonthAsync(directory),
            "rollup-columns" => RollupColumnScenarios.RunAsync(directory),
            "replay-events" => AuditScenarios.MendEventsAsync(directory, seed),
            "fill" => AuditScenarios.FillAsync(directory, seed),
            "mend-restored" => AuditScenarios.MendRestoredAsync(directory, seed),
            "audit" => AuditScenarios.FindAsync(directory, seed),
            "audit-sample" => AuditScenarios.SampleAsync(directory, seed),
            "audit-hourly" => HourlyAuditScenarios.RunAsync(directory, seed),
            "audit-expired" => AuditScenarios.ExpireAsync(directory, seed),
            "horizon" => HorizonScenarios.FollowAsync(directory, seed),
            "horizon-gone" => HorizonScenarios.GonePartitionAsync(directory, seed),
            "horizon-log" => HorizonScenarios.LogAsync(directory, seed),
            "unread" => UnreadScenarios.ReadAgainAsync(directory, seed),
            "no-minutes" => UnreadScenarios.WithoutMinutesAsync(directory, seed),
            "full-disk" => StorageScenarios.FullDiskAsync(directory, seed),
            _ => throw new InvalidOperationException(Mode),
        });
    }
}
