namespace Telemetry.IntegrationTests.Storage;

/// <summary>From when on tables and log are complete, and what a store may leave for later; the engine runs in a process of its own.</summary>
public sealed class HorizonTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-horizon-").FullName;

    [Fact]
    public Task Tables_are_complete_as_far_back_as_the_shortest_retention_they_had() => RunAsync("horizon");

    [Fact]
    public Task Month_that_is_gone_from_raw_and_not_from_the_hours_moves_the_horizon_of_raw() => RunAsync("horizon-gone");

    [Fact]
    public Task Log_that_has_lost_nothing_is_complete_from_the_beginning() => RunAsync("horizon-log");

    [Fact]
    public Task Store_without_minutes_has_everything_else_and_keeps_minutes_from_when_it_is_told_to() => RunAsync("no-minutes");

    [Fact]
    public Task Readings_held_back_while_nobody_reads_are_stored_for_the_next_reader() => RunAsync("unread");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task RunAsync(string mode)
    {
        using var child = ChildProcess.Start(mode, _directory, 21);
        await child.SucceedAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
    }
}
