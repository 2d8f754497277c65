using System.Runtime.InteropServices;
using Telemetry.Processing.Series;

namespace Telemetry.Tests.Processing;

public class SeriesPoolTests
{
    private readonly SeriesPool _pool = new(new SeriesLayout([new RecordingDetector()]), 16);
    private readonly int _block;

    public SeriesPoolTests()
    {
        _block = _pool.Rent(0);
        Words.Fill(1);
        _pool.ClearChanges(_block);
    }

    private Span<ulong> Words => MemoryMarshal.Cast<byte, ulong>(_pool[_block]);

    [Fact]
    public void A_block_of_which_the_same_word_changes_again_and_again_has_one_changed_word()
    {
        Change(1000, _ => 0);

        _pool.ChangesOf(_block).Count.ShouldBe(1);
    }

    [Fact]
    public void A_block_of_which_most_words_have_changed_counts_as_changed_in_all_until_it_is_written()
    {
        var words = Words.Length;
        words.ShouldBeGreaterThan(4);
        Change(16, i => i % (words - 1));
        _pool.ChangesOf(_block).Count.ShouldBe(words);

        _pool.ClearChanges(_block);
        _pool.ChangesOf(_block).Count.ShouldBe(0);
        Change(1, _ => words - 1);
        _pool.ChangesOf(_block).Count.ShouldBe(1);
    }

    [Fact]
    public void A_block_that_is_rented_again_has_no_changes()
    {
        Change(16, i => i % Words.Length);
        _pool.Return(_block);

        _pool.ChangesOf(_pool.Rent(0)).Count.ShouldBe(0);
    }

    private void Change(int times, Func<int, int> wordOf)
    {
        for (var i = 0; i < times; i++)
        {
            _pool.BeginChange(_block);
            Words[wordOf(i)]++;
            _pool.EndChange(_block);
        }
    }
}
