using Telemetry.Alarms.Machine;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Alarms;

/// <summary>The states of ISA-18.2 and every way between them, beside a table written by hand.</summary>
public sealed class AlarmMachineTests
{
    private const string None = "-";

    /// <summary>For each phase, without inhibition: where raise, clear, escalate and acknowledge lead; "-": nowhere.</summary>
    [Theory]
    [InlineData("Normal", "Unacknowledged", None, None, None)]
    [InlineData("Unacknowledged", None, "Returned", None, "Acknowledged")]
    [InlineData("Acknowledged", None, "Normal", "Unacknowledged", None)]
    [InlineData("Returned", "Unacknowledged", None, None, "Normal")]
    public void Without_inhibition(string from, string raise, string clear, string escalate, string acknowledge)
    {
        var mode = new AlarmMode(Enum.Parse<AlarmPhase>(from), AlarmInhibits.None);

        Phase(AlarmMachine.Next(mode, AlarmAct.Raise)).ShouldBe(raise);
        Phase(AlarmMachine.Next(mode, AlarmAct.Clear)).ShouldBe(clear);
        Phase(AlarmMachine.Next(mode, AlarmAct.Escalate)).ShouldBe(escalate);
        Phase(AlarmMachine.Next(mode, AlarmAct.Acknowledge)).ShouldBe(acknowledge);
    }

    [Fact]
    public void Every_state_that_can_be_reached_takes_every_act_or_refuses_it()
    {
        foreach (var mode in Reachable())
        {
            if (mode.Inhibits != AlarmInhibits.None)
            {
                // While inhibited only "does the condition hold" is followed.
                mode.Phase.ShouldBeOneOf(AlarmPhase.Normal, AlarmPhase.Unacknowledged);
                AlarmMachine.Next(mode, AlarmAct.Acknowledge).ShouldBeNull();
                AlarmMachine.Next(mode, AlarmAct.Escalate).ShouldBeNull();
                AlarmMachine.Next(mode, AlarmAct.Clear)?.Phase.ShouldBe(AlarmPhase.Normal);
            }

            foreach (var (act, inhibit) in Begins)
            {
                var has = mode.Inhibits.HasFlag(inhibit);
                var refused = act == AlarmAct.Shelve ? mode.Inhibits.HasFlag(AlarmInhibits.OutOfService) : has;
                var next = AlarmMachine.Next(mode, act);
                (next is null).ShouldBe(refused, $"{mode} {act}");
                if (next is { } begun)
                {
                    begun.Inhibits.ShouldBe(mode.Inhibits | inhibit);
                    begun.IsActive.ShouldBe(mode.IsActive);
                }
            }

            foreach (var (act, inhibit) in Ends)
            {
                var next = AlarmMachine.Next(mode, act);
                (next is null).ShouldBe(!mode.Inhibits.HasFlag(inhibit), $"{mode} {act}");
                if (next is { } ended)
                {
                    ended.ShouldBe(mode with { Inhibits = mode.Inhibits & ~inhibit });
                }
            }
        }
    }

    [Fact]
    public void There_are_the_four_phases_and_two_for_each_combination_of_inhibitions() => Reachable().Count.ShouldBe(4 + (2 * 15));

    [Fact]
    public void An_alarm_taken_off_the_shelf_asks_again_when_its_condition_holds_and_is_normal_otherwise()
    {
        var shelved = Run(AlarmAct.Raise, AlarmAct.Acknowledge, AlarmAct.Shelve);
        shelved.Status.ShouldBe(AlarmStatus.Shelved);
        AlarmMachine.Next(shelved, AlarmAct.Unshelve)!.Value.Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
        Run(AlarmAct.Raise, AlarmAct.Shelve, AlarmAct.Clear, AlarmAct.Unshelve).Status.ShouldBe(AlarmStatus.Normal);
        Run(AlarmAct.Raise, AlarmAct.Clear, AlarmAct.Shelve, AlarmAct.Unshelve).Status.ShouldBe(AlarmStatus.Normal);
    }

    [Fact]
    public void Out_of_service_is_said_before_suppressed_and_that_before_shelved()
    {
        Run(AlarmAct.Shelve, AlarmAct.BeginDesigned).Status.ShouldBe(AlarmStatus.Suppressed);
        Run(AlarmAct.Shelve, AlarmAct.BeginFlapping, AlarmAct.TakeOutOfService).Status.ShouldBe(AlarmStatus.OutOfService);
        Run(AlarmAct.Shelve, AlarmAct.BeginFlapping, AlarmAct.EndFlapping).Status.ShouldBe(AlarmStatus.Shelved);
    }

    private static readonly (AlarmAct Act, AlarmInhibits Inhibit)[] Begins =
    [
        (AlarmAct.Shelve, AlarmInhibits.Shelved), (AlarmAct.BeginFlapping, AlarmInhibits.Flapping),
        (AlarmAct.BeginDesigned, AlarmInhibits.Designed), (AlarmAct.TakeOutOfService, AlarmInhibits.OutOfService),
    ];

    private static readonly (AlarmAct Act, AlarmInhibits Inhibit)[] Ends =
    [
        (AlarmAct.Unshelve, AlarmInhibits.Shelved), (AlarmAct.EndFlapping, AlarmInhibits.Flapping),
        (AlarmAct.EndDesigned, AlarmInhibits.Designed), (AlarmAct.ReturnToService, AlarmInhibits.OutOfService),
    ];

    private static AlarmMode Run(params AlarmAct[] acts) =>
        acts.Aggregate(default(AlarmMode), (mode, act) => AlarmMachine.Next(mode, act) ?? throw new InvalidOperationException($"{mode} refuses {act}."));

    private static HashSet<AlarmMode> Reachable()
    {
        var seen = new HashSet<AlarmMode> { default };
        var open = new Queue<AlarmMode>(seen);
        while (open.TryDequeue(out var mode))
        {
            foreach (var act in Enum.GetValues<AlarmAct>())
            {
                if (AlarmMachine.Next(mode, act) is { } next && seen.Add(next))
                {
                    open.Enqueue(next);
                }
            }
        }

        return seen;
    }

    private static string Phase(AlarmMode? mode) => mode?.Phase.ToString() ?? None;
}
