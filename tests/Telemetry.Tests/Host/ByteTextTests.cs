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

    [Theory]
    [InlineData("250GB", 250e9)]
    [InlineData("2 TB", 2e12)]
    [InlineData("1.5kb", 1500)]
    [InlineData("100", 100)]
    [InlineData("7B", 7)]
    public void Sizes_are_read_with_their_unit(string text, double bytes) => ByteText.Parse(text).ShouldBe(bytes);

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("0")]
    [InlineData("NaN")]
    [InlineData("ten GB")]
    public void What_is_no_size_is_refused(string text) => Should.Throw<FormatException>(() => ByteText.Parse(text));
}
