using System.Globalization;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>The sink against the real engine and the real log, in processes that are killed.</summary>
public sealed class StorageCrashTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
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
    public Task Failing_view_leaves_every_target_exact() => RunAsync("failing-view", 4);

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
