using Telemetry.Alarms.Setup;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using T = Telemetry.Contracts.V1.AlarmTransition;

namespace Telemetry.Tests.Alarms;

/// <summary>What becomes of an alarm as its inputs come.</summary>
public sealed class AlarmKeeperTests
{
    private readonly KeeperFixture _f = new();

    [Fact]
    public void A_condition_raises_is_acknowledged_by_a_person_and_clears()
    {
        _f.Holds("hot").Do(AlarmAction.Acknowledge, comment: "pump is on", by: "ann").Pass("10s").Over("hot");

        _f.Alarm.Status.ShouldBe(AlarmStatus.Normal);
        _f.Changes.Select(c => (c.Transition, c.Previous, c.Alarm.Status)).ShouldBe(
        [
            (T.Raised, AlarmStatus.Normal, AlarmStatus.UnacknowledgedActive),
            (T.Acknowledged, AlarmStatus.UnacknowledgedActive, AlarmStatus.AcknowledgedActive),
            (T.Cleared, AlarmStatus.AcknowledgedActive, AlarmStatus.Normal),
        ]);
        var acknowledged = _f.Changes[1];
        (acknowledged.By, acknowledged.Comment, acknowledged.CommandId, acknowledged.Alarm.AcknowledgedBy).ShouldBe(("ann", "pump is on", "c1", "ann"));
        _f.Changes.Select(c => c.Id).ShouldBe(["0-0-0", "0-1-0", "0-3-0"]);
        _f.Alarm.Comment.ShouldBe("pump is on");
    }

    [Fact]
    public void An_alarm_that_returned_unseen_waits_for_its_acknowledgement()
    {
        _f.Holds("hot").Over("hot");
        _f.Alarm.Status.ShouldBe(AlarmStatus.ReturnedUnacknowledged);
        _f.Do(AlarmAction.Acknowledge);
        _f.Alarm.Status.ShouldBe(AlarmStatus.Normal);
    }

    [Fact]
    public void Alarms_of_a_deleted_device_are_told_to_be_over_and_nothing_of_them_is_kept()
    {
        _f.Holds("hot").Holds("silent").Over("silent").Holds("hot", device: "oven-1");
        _f.Taken();
        _f.Delete();

        _f.Taken().ShouldBe([T.Cleared], "whoever was paged must not wait for ever");
        _f.Deleted.ShouldBe(["press-07"]);
        _f.Alarm.Device.ShouldBe("oven-1");
        _f.Restart().Alarm.Device.ShouldBe("oven-1");
        _f.Pass("30d").Delete().Taken().ShouldBeEmpty();

        _f.Holds("hot").Taken().ShouldBe([T.Raised]);
    }

    [Fact]
    public void It_is_one_alarm_however_often_it_comes()
    {
        _f.Holds("hot").Holds("hot").Over("hot").Holds("hot");

        _f.Alarm.Occurrences.ShouldBe(2UL);
        _f.Taken().ShouldBe([T.Raised, T.Cleared, T.Raised]);
    }

    [Fact]
    public void A_condition_shorter_than_the_on_delay_raises_nothing()
    {
        var delayed = new RuleHandling { OnDelay = TimeSpan.FromSeconds(10) };
        _f.Holds("hot", delayed).Pass("9s").Over("hot", delayed).Pass("1m");
        _f.Taken().ShouldBeEmpty();

        _f.Holds("hot", delayed).Pass("9s").Holds("hot", delayed).Pass("1s");
        _f.Taken().ShouldBe([T.Raised]);
        _f.Alarm.RaisedUs.ShouldBe(_f.NowMs * 1000);
    }

    [Fact]
    public void A_gap_shorter_than_the_off_delay_clears_nothing()
    {
        var delayed = new RuleHandling { OffDelay = TimeSpan.FromSeconds(10) };
        _f.Holds("hot", delayed).Over("hot", delayed).Pass("9s").Holds("hot", delayed).Pass("1m");
        _f.Taken().ShouldBe([T.Raised]);

        _f.Over("hot", delayed).Pass("10s");
        _f.Taken().ShouldBe([T.Cleared]);
    }

    [Fact]
    public void A_timer_fires_at_its_time_whatever_record_brings_it()
    {
        var delayed = new RuleHandling { OnDelay = TimeSpan.FromSeconds(10) };
        _f.Holds("hot", delayed);
        var due = (_f.NowMs + 10_000) * 1000;
        _f.Keeper.NextDueMs.ShouldBe(due / 1000);

        _f.Pass("1h");

        _f.Changes.ShouldHaveSingleItem().TimeUs.ShouldBe(due);
    }

    [Fact]
    public void A_shelved_alarm_is_silent_until_its_time_is_over()
    {
        _f.Holds("hot").Do(AlarmAction.Shelve, untilIn: "30m", comment: "sensor is being changed");
        (_f.Alarm.Status, _f.Alarm.InhibitedBy, _f.Alarm.ShelvedUntilUs).ShouldBe((AlarmStatus.Shelved, "ann", (_f.NowMs + 1_800_000) * 1000));
        _f.Do(AlarmAction.Acknowledge);
        _f.Changes[^1].Transition.ShouldBe(T.Refused);
        _f.Changes[^1].Comment.ShouldBe("an alarm that is shelved does not allow it.");

        _f.Pass("29m");
        _f.Alarm.Status.ShouldBe(AlarmStatus.Shelved);
        _f.Pass("1m");

        (_f.Alarm.Status, _f.Alarm.ShelvedUntilUs, _f.Alarm.InhibitedBy).ShouldBe((AlarmStatus.UnacknowledgedActive, 0, ""));
        _f.Changes[^1].Transition.ShouldBe(T.Unshelved);
    }

    [Fact]
    public void Shelving_can_be_prolonged_and_ended_by_hand()
    {
        _f.Holds("hot").Do(AlarmAction.Shelve, untilIn: "10m").Do(AlarmAction.Shelve, untilIn: "1h").Pass("30m");
        _f.Alarm.Status.ShouldBe(AlarmStatus.Shelved);
        _f.Over("hot").Do(AlarmAction.Unshelve);
        _f.Alarm.Status.ShouldBe(AlarmStatus.Normal);
    }

    [Fact]
    public void Out_of_service_lasts_until_it_is_taken_back()
    {
        _f.Holds("hot").Do(AlarmAction.TakeOutOfService).Over("hot").Holds("hot").Pass("8d");
        _f.Alarm.Status.ShouldBe(AlarmStatus.OutOfService);
        _f.Alarm.Active.ShouldBeTrue();
        _f.Do(AlarmAction.ReturnToService);
        _f.Alarm.Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
    }

    [Fact]
    public void An_alarm_that_comes_and_goes_too_often_is_suppressed_until_it_is_quiet()
    {
        var flapping = new RuleHandling { FlapCount = 3, FlapWithin = TimeSpan.FromMinutes(10) };
        for (var i = 0; i < 3; i++)
        {
            _f.Holds("hot", flapping).Pass("30s").Over("hot", flapping).Pass("30s");
        }

        (_f.Alarm.Status, _f.Alarm.InhibitedBy).ShouldBe((AlarmStatus.Suppressed, "flapping"));
        _f.Taken().ShouldBe([T.Raised, T.Cleared, T.Raised, T.Cleared, T.Raised, T.Suppressed, T.Cleared]);

        // It stirs again just before the quiet time is over.
        _f.Pass("9m").Holds("hot", flapping).Pass("9m");
        _f.Alarm.Status.ShouldBe(AlarmStatus.Suppressed);
        _f.Pass("1m");

        _f.Alarm.Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
    }

    [Fact]
    public void Raises_further_apart_than_the_window_are_no_flapping()
    {
        var flapping = new RuleHandling { FlapCount = 3, FlapWithin = TimeSpan.FromMinutes(10) };
        for (var i = 0; i < 10; i++)
        {
            _f.Holds("hot", flapping).Pass("3m").Over("hot", flapping).Pass("3m");
        }

        _f.Taken().ShouldNotContain(T.Suppressed);
    }

    [Fact]
    public void An_alarm_is_suppressed_while_one_that_explains_it_is_active()
    {
        var explained = new RuleHandling { SuppressedBy = ["gone"] };
        _f.Holds("gone").Holds("hot", explained);
        (_f.AlarmOf("hot").Status, _f.AlarmOf("hot").InhibitedBy).ShouldBe((AlarmStatus.Suppressed, "gone"));

        _f.Over("gone");
        _f.AlarmOf("hot").Status.ShouldBe(AlarmStatus.UnacknowledgedActive);

        _f.Holds("gone");
        _f.AlarmOf("hot").Status.ShouldBe(AlarmStatus.Suppressed);

        // Of another device, it explains nothing.
        _f.Over("gone").Holds("gone", device: "press-08");
        _f.AlarmOf("hot").Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
    }

    [Fact]
    public void A_higher_priority_asks_again_after_the_acknowledgement()
    {
        _f.Holds("hot", priority: AlarmPriority.Medium).Do(AlarmAction.Acknowledge).Holds("hot", priority: AlarmPriority.Medium);
        _f.Alarm.Status.ShouldBe(AlarmStatus.AcknowledgedActive);
        _f.Holds("hot", priority: AlarmPriority.High);
        _f.Alarm.Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
        _f.Taken().ShouldBe([T.Raised, T.Acknowledged, T.Escalated]);
    }

    [Fact]
    public void The_end_of_an_incident_that_another_has_taken_the_place_of_clears_nothing()
    {
        _f.Holds("incident.spike", incident: "a").Holds("incident.spike", incident: "b").Over("incident.spike", incident: "a");
        _f.Alarm.Active.ShouldBeTrue();
        _f.Over("incident.spike", incident: "b");
        _f.Alarm.Active.ShouldBeFalse();
    }

    [Fact]
    public void A_group_raises_one_alarm_when_enough_devices_meet_its_rule()
    {
        Member("press-01", true);
        Member("press-02", true);
        _f.Taken().ShouldBeEmpty();
        Member("press-02", true); // Told twice.
        _f.Taken().ShouldBeEmpty();
        Member("press-03", true);
        _f.Taken().ShouldBe([T.Raised]);
        (_f.Alarm.Device, _f.Alarm.Value, _f.Alarm.Text).ShouldBe(("group:site-a", 3, "3 devices are gone: press-01, press-02, press-03"));

        _f.Restart();
        Member("press-04", true);
        _f.Alarm.Text.ShouldStartWith("4 devices are gone");
        Member("press-01", false);
        Member("press-04", false);

        _f.Taken().ShouldBe([T.Cleared]);
    }

    [Fact]
    public void A_command_for_an_alarm_that_is_not_there_is_refused()
    {
        _f.Do(AlarmAction.Acknowledge);
        var refused = _f.Changes.ShouldHaveSingleItem();
        (refused.Transition, refused.CommandId, refused.Alarm.Device).ShouldBe((T.Refused, "c0", "press-07"));
    }

    [Fact]
    public void Shelving_into_the_past_is_refused()
    {
        _f.Holds("hot").Do(AlarmAction.Shelve, untilIn: "0s");
        _f.Changes[^1].Transition.ShouldBe(T.Refused);
        _f.Alarm.Status.ShouldBe(AlarmStatus.UnacknowledgedActive);
    }

    [Fact]
    public void A_comment_changes_nothing_but_the_comment()
    {
        _f.Holds("hot").Do(AlarmAction.Comment, comment: "looks like the valve", by: "bob");
        (_f.Alarm.Status, _f.Alarm.Comment, _f.Alarm.CommentBy).ShouldBe((AlarmStatus.UnacknowledgedActive, "looks like the valve", "bob"));
        _f.Taken().ShouldBe([T.Raised, T.Commented]);
    }

    [Fact]
    public void Of_two_who_saw_the_same_version_the_first_is_heard()
    {
        var seen = _f.Holds("hot").Alarm.Version;

        var after = _f.Do(AlarmAction.Comment, comment: "mine", by: "ann", expected: seen).Alarm.Version;
        _f.Do(AlarmAction.Comment, comment: "mine too", by: "bob", expected: seen);

        (_f.Alarm.Comment, _f.Alarm.CommentBy, _f.Alarm.Version).ShouldBe(("mine", "ann", after));
        _f.Changes[^1].Comment.ShouldContain($"its version is {after} now, not {seen}");
        _f.Taken().ShouldBe([T.Raised, T.Commented, T.Refused]);
    }

    [Fact]
    public void What_has_been_normal_for_long_is_forgotten_and_leaves_the_state_topic()
    {
        _f.Holds("hot").Do(AlarmAction.Acknowledge).Over("hot");
        _f.StateEntries.ShouldBe(2);
        _f.Pass("6d");
        _f.Alarm.Status.ShouldBe(AlarmStatus.Normal);
        _f.Pass("1d");
        _f.Keeper.Alarms.ShouldBeEmpty();
        _f.StateEntries.ShouldBe(1); // The time.
    }

    [Fact]
    public void There_are_no_more_alarms_than_there_may_be_and_those_that_stand_stay()
    {
        var f = new KeeperFixture(new AlarmsOptions { AlarmsMax = 10 });
        f.Holds("hot", device: "d0").Over("hot", device: "d0");
        f.Send(new AlarmInput { Command = new AlarmCommand { AlarmId = f.Alarm.Id, Action = AlarmAction.Acknowledge } });
        for (var i = 1; i <= 12; i++)
        {
            f.Holds("hot", device: $"d{i}");
        }

        f.Keeper.Alarms.Count().ShouldBe(10);
        f.Keeper.Alarms.ShouldAllBe(a => a.Active);
        f.Keeper.Counts.Overflowed.ShouldBe(2);
    }

    [Fact]
    public void A_record_that_is_no_input_is_put_aside_with_its_place()
    {
        _f.Send([0xFF, 0xFF, 0xFF]).Holds("hot");
        _f.DeadLetters.ShouldHaveSingleItem();
        _f.Alarm.Active.ShouldBeTrue();
    }

    private void Member(string member, bool active) => _f.Send(new AlarmInput
    {
        Member = new AlarmGroupMember
        {
            Group = "site-a",
            Member = member,
            Active = active,
            AtLeast = 3,
            Priority = AlarmPriority.High,
            Text = "{count} devices are gone",
            EventTimeUs = _f.NowMs * 1000,
        },
    });
}
