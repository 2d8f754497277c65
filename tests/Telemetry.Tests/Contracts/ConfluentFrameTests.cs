using Telemetry.Contracts.Wire;

namespace Telemetry.Tests.Contracts;

public class ConfluentFrameTests
{
    [Fact]
    public void A_header_written_is_read_back()
    {
        var value = new byte[ConfluentFrame.HeaderBytes + 2];
        ConfluentFrame.WriteHeader(value, 0x01020304);
        value[^1] = 9;
        value[..6].ShouldBe([0, 1, 2, 3, 4, 0]);
        ConfluentFrame.TryRead(value, out var id, out var message).ShouldBeTrue();
        id.ShouldBe(0x01020304);
        message.ToArray().ShouldBe([0, 9]);
    }

    [Fact]
    public void A_path_of_message_indexes_is_passed_over()
    {
        // Two indexes, 1 and 0, as zig-zag varints.
        ConfluentFrame.TryRead(new byte[] { 0, 0, 0, 0, 7, 4, 2, 0, 0xAA }, out var id, out var message).ShouldBeTrue();
        id.ShouldBe(7);
        message.ToArray().ShouldBe([0xAA]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000001")]
    [InlineData("010000000100")]
    [InlineData("000000000103")] // -2 indexes
    [InlineData("000000000140")] // 32 indexes
    [InlineData("000000000104")] // indexes cut off
    [InlineData("0000000001FF")] // count cut off
    public void What_is_not_a_frame_is_refused(string hex) =>
        ConfluentFrame.TryRead(Convert.FromHexString(hex), out _, out _).ShouldBeFalse();
}
