using FsCheck;
using FsCheck.Fluent;
using Telemetry.Operations.Audit;

namespace Telemetry.Tests.Operations;

public sealed class SequenceSetTests
{
    [Fact]
    public void Set_behaves_like_a_set_of_single_sequences()
    {
        var ranges = (from first in Gen.Choose(1, 60)
                      from more in Gen.Choose(0, 12)
                      select (First: (ulong)first, Last: (ulong)(first + more))).ListOf();
        Prop.ForAll(Arb.From(ranges), Arb.From(ranges), (one, two) =>
        {
            var (set, model) = Build(one);
            var (other, otherModel) = Build(two);

            set.Count.ShouldBe(model.Count);
            Flatten(set.Ranges).ShouldBe(model.Order());
            Flatten(set.Except(other)).ShouldBe(model.Except(otherModel).Order());
            set.Without(other).Count.ShouldBe(model.Except(otherModel).Count());
            Enumerable.Range(0, 80).All(s => set.Contains((ulong)s) == model.Contains((ulong)s)).ShouldBeTrue();
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Adding_returns_how_many_were_new()
    {
        var set = new SequenceSet();

        set.Add(1, 10).ShouldBe(10);
        set.Add(5, 12).ShouldBe(2);
        set.Add(1, 12).ShouldBe(0);
        set.Add(20, 20).ShouldBe(1);
        set.Add(13, 19).ShouldBe(7);
        set.Ranges.ShouldBe([(1UL, 20UL)]);
    }

    [Fact]
    public void Ends_of_the_number_range_do_not_overflow()
    {
        var set = new SequenceSet();
        set.Add(ulong.MaxValue, ulong.MaxValue).ShouldBe(1);
        set.Add(ulong.MaxValue - 1, ulong.MaxValue).ShouldBe(1);
        set.Add(0, 1).ShouldBe(2);

        set.Except(new SequenceSet()).ShouldBe([(0UL, 1UL), (ulong.MaxValue - 1, ulong.MaxValue)]);
        set.Without(set).Count.ShouldBe(0);
    }

    private static (SequenceSet Set, HashSet<ulong> Model) Build(IEnumerable<(ulong First, ulong Last)> ranges)
    {
        var set = new SequenceSet();
        var model = new HashSet<ulong>();
        foreach (var (first, last) in ranges)
        {
            var before = model.Count;
            for (var s = first; s <= last; s++)
            {
                model.Add(s);
            }

            set.Add(first, last).ShouldBe(model.Count - before);
        }

        return (set, model);
    }

    private static List<ulong> Flatten(IEnumerable<(ulong First, ulong Last)> ranges)
    {
        var all = new List<ulong>();
        foreach (var (first, last) in ranges)
        {
            for (var s = first; s <= last; s++)
            {
                all.Add(s);
            }
        }

        return all;
    }
}
