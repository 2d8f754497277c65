using Telemetry.Host.Views;

namespace Telemetry.Tests.Host;

public sealed class ByteTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(812, "812 B")]
    [InlineData(4_096, "4.10 kB")]
    [InlineData(999_999, "1.00 MB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(250e9, "250 GB")]
    public void Bytes_are_written_in_the_unit_that_reads_best(double bytes, string text) => ByteText.Of(bytes).ShouldBe(text);
}
