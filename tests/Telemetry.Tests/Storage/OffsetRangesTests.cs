using FsCheck;
using FsCheck.Fluent;
using Telemetry.Storage.Recovery;

namespace Telemetry.Tests.Storage;

public sealed class OffsetRangesTests
{
    [Fact]
    public void Ranges_hold_and_lack_exactly_what_a_set_of_offsets_says() =>
        Prop.ForAll(
            Gen.Choose(0, 40).ArrayOf().ToArbitrary(),
            numbers =>
            {
                var all = numbers.Chunk(2).Select(p => ((long)p.Min(), (long)p.Max())).ToList();
                var ranges = new OffsetRanges(all);
                var held = all.SelectMany(r => Enumerable.Range((int)r.Item1, (int)(r.Item2 - r.Item1 + 1))).ToHashSet();
                var lacking = ranges.Uncovered(5, 35);

                ranges.Last.ShouldBe(held.Count == 0 ? -1 : held.Max());
                for (var offset = 0; offset <= 42; offset++)
                {
                    ranges.Contains(offset).ShouldBe(held.Contains(offset));
                    var isLacking = offset is >= 5 and <= 35 && !held.Contains(offset);
                    lacking.Count(r => r.First <= offset && offset <= r.Last).ShouldBe(isLacking ? 1 : 0);
                }

                // Contiguous: no two stretches touch.
                lacking.Zip(lacking.Skip(1)).ShouldAllBe(p => p.First.Last + 1 < p.Second.First);
            }).QuickCheckThrowOnFailure();
}
