namespace Telemetry.FailingTests;

/// <summary>
/// More failures, with longer messages, than the runner shows: 300 failures of 60 lines each are far beyond its 200 lines and beyond
/// what a pipe holds.
/// </summary>
public sealed class FailingTests
{
    public static IEnumerable<int> Numbers => Enumerable.Range(1, 300);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fails_with_a_long_message(int number) =>
        Assert.Fail(string.Join('\n', Enumerable.Repeat($"failure {number} of the test runner's own test", 60)));

    [Fact]
    public void Passes() => Assert.True(Numbers.Any());

    public static TheoryData<int> Cases() => new(Numbers);
}
