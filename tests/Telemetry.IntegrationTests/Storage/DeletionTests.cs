namespace Telemetry.IntegrationTests.Storage;

/// <summary>Devices that are deleted while they send, over the real engine and the real log, in a process of its own.</summary>
public sealed class DeletionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-deletion-").FullName;

    [Theory]
    [InlineData("deletion", 5)]
    [InlineData("deletion-shared", 6)]
    public async Task Deletion_may_fail_and_end_anywhere_and_the_store_equals_the_log(string mode, int seed)
    {
        using var child = ChildProcess.Start(mode, _directory, seed);
        await child.SucceedAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
