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

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 262)]
    [InlineData(3, 7)]
    public void Rows_of_one_layout_are_read_back_as_rows(int rows, int rowWords)
    {
        var random = new Random(rows);
        var (head, words) = (Noise(random, 40), Rows(random, rows, rowWords));

        var reader = new StateReader(Pack(head, words, rowWords));
        new PackedState().Read(ref reader, out var readHead, out var readWords);

        readHead.Rest.ToArray().ShouldBe(head);
        readWords.Rest.ToArray().ShouldBe(words);
    }

    [Fact]
    public void What_is_equal_in_all_rows_takes_less_room_when_they_are_known_as_rows()
    {
        var words = Rows(new Random(5), 9, 262);

        Pack([], words, 262).Length.ShouldBeLessThan(Pack([], words).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(11)]
    public void A_length_of_rows_that_does_not_fit_the_words_is_damage(byte rowWords)
    {
        var packed = Pack([], Rows(new Random(6), 2, 5), 5);

        // Lengths of both parts, the order, then the words of a row.
        packed[3].ShouldBe((byte)5);
        packed[3] = rowWords;

        Should.Throw<FormatException>(() =>
        {
            var reader = new StateReader(packed);
            new PackedState().Read(ref reader, out _, out _);
        });
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

    private static byte[] Pack(byte[] head, byte[] words, int rowWords = 0)
    {
        var writer = new StateWriter();
        new PackedState().Write(head, words, writer, rowWords);
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Rows of which half of the words are zero, and of the others every third is the same in all rows.</summary>
    private static byte[] Rows(Random random, int rows, int rowWords)
    {
        var shared = Enumerable.Range(0, rowWords).Select(_ => BitConverter.GetBytes(random.NextDouble())).ToArray();
        return [.. Enumerable.Range(0, rows * rowWords).SelectMany(i => (i % rowWords) switch
        {
            var word when word % 2 == 1 => new byte[8],
            var word when word % 3 == 0 => shared[word],
            _ => BitConverter.GetBytes(random.NextDouble()),
        })];
    }

    private static byte[] Counters(Random random, int words) =>
        [.. Enumerable.Range(0, words).SelectMany(_ => BitConverter.GetBytes(1_700_000_000_000_000L + random.Next(1 << 16)))];
}
