using System.Diagnostics;
using System.Globalization;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>The sink against the real engine and the real log, in processes that are killed.</summary>
public sealed class StorageCrashTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-storage-").FullName;

    /// <summary>TELEMETRY_TEST_STORAGE_KILLS sets the number of kills; 20 otherwise.</summary>
    [Fact]
    public async Task Store_equals_the_log_however_often_the_process_is_killed()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("TELEMETRY_TEST_STORAGE_KILLS") ?? "20", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("TELEMETRY_TEST_STORAGE_SEED_BASE") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        for (var kill = 1; kill <= kills; kill++)
        {
            var ready = Path.Combine(_directory, StorageScenarios.ReadyFile);
            File.Delete(ready);
            using (var child = ChildProcess.Start("feed", _directory, seed + kill))
            {
                await child.WaitForFileAsync(ready, Token);

                // From the middle of recovery to a second and a half of inserts.
                await Task.Delay(random.Next(10) < 4 ? random.Next(250) : random.Next(1500), Token);
                child.HasExited.ShouldBeFalse(child.Output);
                await child.KillAsync(Token);
            }

            if (kill % 10 == 0 || kill == kills)
            {
                await RunAsync("verify", seed);
            }
        }
    }

    [Fact]
    public Task Parts_lost_in_any_order_above_the_checkpoint_are_filled_in_again() => RunAsync("lose-parts", 3);

    [Fact]
    public Task Parts_cut_before_the_checkpoint_are_found_detached_and_filled_in_again() => RunAsync("damaged-parts", 7);

    [Fact]
    public Task Rollups_whose_markers_span_a_hole_are_built_again_from_raw() => RunAsync("hole", 9);

    [Fact]
    public Task Partitions_move_between_two_sinks_while_data_flows() => RunAsync("two-sinks", 10);

    [Fact]
    public Task Partitions_move_between_two_sinks_that_claim_them() => RunAsync("two-sinks-shared", 10);

    [Theory]
    [InlineData("replay")]
    [InlineData("replay-shared")]
    public Task Span_that_was_damaged_is_put_right_from_the_log(string mode) => RunAsync(mode, 14);

    [Fact]
    public Task Anomalies_and_device_events_that_were_damaged_are_put_right_from_the_log() => RunAsync("replay-events", 15);

    /// <summary>As docs/deployment.md has it: copied while nothing runs, lost later, put back, and replayed.</summary>
    [Fact]
    public async Task Store_restored_from_a_copy_is_brought_up_to_date_from_the_log()
    {
        var (store, backup) = (Path.Combine(_directory, "store"), Path.Combine(_directory, "backup"));
        await RunAsync("fill", 16);
        using (var copy = Process.Start("cp", ["-a", store, backup]))
        {
            await copy.WaitForExitAsync(Token);
            copy.ExitCode.ShouldBe(0);
        }

        await RunAsync("fill", 17);
        Directory.Delete(store, recursive: true);
        Directory.Move(backup, store);
        await RunAsync("mend-restored", 18);
    }

    [Fact]
    public Task Audit_finds_what_is_lost_doubled_and_falsified_in_any_number_of_shares() => RunAsync("audit", 17);

    [Fact]
    public Task Audit_of_a_sample_finds_what_its_devices_lack_and_nothing_else() => RunAsync("audit-sample", 19);

    [Fact]
    public Task Hourly_audit_finds_one_reading_lost_doubled_or_changed_while_others_come() => RunAsync("audit-hourly", 20);

    [Fact]
    public Task Audit_tells_expired_from_lost() => RunAsync("audit-expired", 18);

    [Fact]
    public Task Insert_that_arrives_after_recovery_is_refused() => RunAsync("late-inserts", 12);

    [Fact]
    public Task Without_claims_such_an_insert_would_be_taken() => RunAsync("late-insert-unfenced", 12);

    [Fact]
    public Task Rollups_are_built_again_while_another_sink_is_kept_out() => RunAsync("rebuild-shared", 13);

    [Fact]
    public async Task Parts_broken_at_open_are_filled_in_again_from_the_oldest_offset()
    {
        await RunAsync("store", 8);
        var parts = await File.ReadAllLinesAsync(Path.Combine(_directory, DamageScenarios.PartsFile), Token);
        var random = new Random(8);
        var broken = 0;
        foreach (var part in parts.Where(_ => random.Next(3) == 0))
        {
            if (random.Next(2) == 0)
            {
                File.Delete(Path.Combine(part, "columns.txt"));
            }
            else
            {
                await using var file = new FileStream(Path.Combine(part, "data.bin"), FileMode.Open, FileAccess.Write);
                file.SetLength(file.Length - 1);
            }

            broken++;
        }

        broken.ShouldBeGreaterThan(5);
        await RunAsync("verify", 8);
        await RunAsync("verify", 8);
    }

    [Fact]
    public async Task Low_disk_stops_consumption_until_there_is_room()
    {
        var mount = Directory.CreateDirectory(Path.Combine(_directory, "mount")).FullName;
        Assert.SkipUnless(await SmallMount.TryMountAsync(mount, megabytes: 160), "Mounting a small file system is not allowed here.");
        try
        {
            await RunAsync("disk-floor", 11);
        }
        finally
        {
            await SmallMount.UnmountAsync(mount);
        }
    }

    [Fact]
    public Task Failing_target_leaves_every_target_exact() => RunAsync("failing-target", 4);

    [Fact]
    public Task First_and_last_go_by_sequence_and_the_mean_survives_an_overflowing_sum() => RunAsync("rollup-columns", 0);

    [Fact]
    public Task Month_of_which_some_minutes_have_expired_keeps_the_others_and_its_markers() => RunAsync("rebuild-expired-days", 0);

    [Fact]
    public Task Month_with_more_buckets_than_memory_holds_is_built_again_in_slices() => RunAsync("rebuild-large-month", 0);

    [Fact]
    public Task Late_readings_correct_the_rollups() => RunAsync("late", 5);

    [Fact]
    public async Task Full_disk_loses_nothing()
    {
        var mount = Directory.CreateDirectory(Path.Combine(_directory, "mount")).FullName;
        Assert.SkipUnless(await SmallMount.TryMountAsync(mount, megabytes: 96), "Mounting a small file system is not allowed here.");
        try
        {
            await RunAsync("full-disk", 6);
        }
        finally
        {
            await SmallMount.UnmountAsync(mount);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task RunAsync(string mode, int seed)
    {
        using var child = ChildProcess.Start(mode, _directory, seed);
        await child.SucceedAsync(Token).WaitAsync(Patience, Token);
    }
}
