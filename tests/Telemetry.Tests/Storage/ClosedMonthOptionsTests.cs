using Telemetry.Storage;

namespace Telemetry.Tests.Storage;

public sealed class ClosedMonthOptionsTests
{
    [Theory]
    [InlineData(1, 5, 1, true)]
    [InlineData(1, 5, 5, false)]
    [InlineData(1, 5, 0, false)]
    [InlineData(22, 4, 23, true)]
    [InlineData(22, 4, 3, true)]
    [InlineData(22, 4, 4, false)]
    [InlineData(22, 4, 12, false)]
    [InlineData(0, 0, 12, true)]
    public void Quiet_hours_may_pass_midnight_and_may_be_all_day(int from, int to, int hour, bool quiet) =>
        new ClosedMonthOptions { QuietFrom = TimeSpan.FromHours(from), QuietTo = TimeSpan.FromHours(to) }.IsQuiet(TimeSpan.FromHours(hour)).ShouldBe(quiet);
}
