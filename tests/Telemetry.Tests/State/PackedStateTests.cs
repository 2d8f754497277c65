using Telemetry.Streams.State;

namespace Telemetry.Tests.State;

public class PackedStateTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(300, 2000)]
    public void What_was_packed_is_read_back(int headBytes, int words)
    {
        var random = new Random(headBytes + words);
        var (head, memory) = (Noise(random, headBytes), Counters(random, words));

        var reader = new StateReader(Pack(head, memory));
        new PackedState().Read(ref reader, out var readHead, out var readWords);

        readHead.Rest.ToArray().ShouldBe(head);
        readWords.Rest.ToArray().ShouldBe(memory);
        reader.AtEnd.ShouldBeTrue();
    }

    [Fact]
    public void Words_that_differ_in_their_lower_bytes_and_words_that_come_again_both_become_small()
    {
        var random = new Random(1);
        var numbers = Counters(random, 500);
        var again = Enumerable.Range(0, 500).SelectMany(i => BitConverter.GetBytes(new Random(i % 7).NextDouble())).ToArray();

        Pack([], numbers).Length.ShouldBeLessThan(numbers.Length / 3);
        Pack([], again).Length.ShouldBeLessThan(again.Length / 20);
    }

    [Fact]
    public void Damaged_bytes_are_told_and_never_read_as_a_state()
    {
        var packed = Pack(Noise(new Random(2), 50), Counters(new Random(2), 50));
        for (var length = 0; length < packed.Length; length++)
        {
            var cut = packed[..length];
            Should.Throw<FormatException>(() =>
            {
                var reader = new StateReader(cut);
                new PackedState().Read(ref reader, out _, out _);
            });
        }

        byte[] huge = [0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 8, 0, 1];
        Should.Throw<FormatException>(() =>
        {
            var reader = new StateReader(huge);
            new PackedState().Read(ref reader, out _, out _);
        });
    }

    private static byte[] Pack(byte[] head, byte[] words)
    {
        var writer = new StateWriter();
        new PackedState().Write(head, words, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Counters(Random random, int words) =>
        [.. Enumerable.Range(0, words).SelectMany(_ => BitConverter.GetBytes(1_700_000_000_000_000L + random.Next(1 << 16)))];
}
