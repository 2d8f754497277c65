using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Tests.Streams.StoreAndForward;

public sealed class SentBitsTests
{
    [Fact]
    public void Bits_say_what_a_set_of_offsets_says()
    {
        var random = new Random(3);
        var bits = new SentBits();
        var set = new HashSet<long>();
        const long Begin = 1_000_000;
        const int Span = 200_000;
        bits.BeginAt(Begin);
        for (var i = 0; i < 300_000; i++)
        {
            var offset = Begin + random.Next(Span);
            if (random.Next(4) == 0)
            {
                bits.Clear(offset);
                set.Remove(offset);
            }
            else
            {
                bits.Set(offset);
                set.Add(offset);
            }
        }

        for (var i = 0; i < 10_000; i++)
        {
            var from = Begin + random.Next(Span);
            var end = from + random.Next(200);
            var expected = from;
            while (expected < end && set.Contains(expected))
            {
                expected++;
            }

            bits.Get(from).ShouldBe(set.Contains(from));
            bits.NextClear(from, end).ShouldBe(expected);
        }
    }

    [Fact]
    public void Freed_bits_are_gone_and_those_above_stay()
    {
        var bits = new SentBits();
        for (var i = 0; i < 100_000; i++)
        {
            bits.Set(i);
        }

        bits.FreeBelow(70_000);

        bits.NextClear(70_000, 200_000).ShouldBe(100_000);
        bits.Get(10).ShouldBeFalse();
    }
}
