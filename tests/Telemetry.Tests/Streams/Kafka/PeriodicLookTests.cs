using Telemetry.Streams.Kafka.Consumers;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class PeriodicLookTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Looks_at_once_when_asked_and_again_for_what_was_asked_meanwhile()
    {
        using var looked = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        await using var looks = new PeriodicLook(TimeSpan.FromHours(1), TimeProvider.System, async token =>
        {
            looked.Release();
            await goOn.WaitAsync(token);
        });

        looks.LookNow();
        (await looked.WaitAsync(Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
        looks.LookNow();
        looks.LookNow();
        goOn.Release();

        (await looked.WaitAsync(Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
    }
}
