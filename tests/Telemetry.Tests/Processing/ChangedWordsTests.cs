using Telemetry.Processing.Series;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

public class ChangedWordsTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(520)]
    [InlineData(2088)]
    public void Words_that_differ_are_marked_written_and_read_back(int blockBytes)
    {
        var random = new Random(blockBytes);
        var before = new byte[blockBytes];
        random.NextBytes(before);
        var after = before.ToArray();
        var masks = new ulong[ChangedWords.MasksOf(blockBytes)];
        var changed = new HashSet<int>();
        for (var i = 0; i < 5; i++)
        {
            var old = after.ToArray();
            var at = random.Next(blockBytes);
            after[at]++;
            changed.Add(at / 8);
            new ChangedWords(masks).MarkDifferent(old, after);
        }

        new ChangedWords(masks).Count.ShouldBe(changed.Count);
        var (bits, words) = (new StateWriter(), new StateWriter());
        new ChangedWords(masks).Write(bits, words, after);
        words.Length.ShouldBe(8 * changed.Count);

        var read = before.ToArray();
        var marks = new ulong[masks.Length];
        var bitReader = new StateReader(bits.WrittenSpan);
        var wordReader = new StateReader(words.WrittenSpan);
        new ChangedWords(marks).Read(ref bitReader, ref wordReader, read);
        read.ShouldBe(after);
        marks.ShouldBe(masks);
        (bitReader.AtEnd, wordReader.AtEnd).ShouldBe((true, true));

        bitReader = new StateReader(bits.WrittenSpan);
        wordReader = new StateReader(words.WrittenSpan);
        ChangedWords.Skip(ref bitReader, ref wordReader, blockBytes);
        (bitReader.AtEnd, wordReader.AtEnd).ShouldBe((true, true));
    }
}
