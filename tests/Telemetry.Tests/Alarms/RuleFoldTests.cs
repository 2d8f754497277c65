using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Alarms;

/// <summary>When the conditions of rules over readings hold, and when they are over.</summary>
public sealed class RuleFoldTests
{
    private const string Hot = """{"name": "hot", "type": "threshold", "devices": "press-*", "sensor": "oil", "above": 90, "deadband": 5}""";
    private const string Gone = """{"name": "gone", "type": "absent", "after": "5m", "alarm": false}""";

    [Fact]
    public void A_threshold_holds_beyond_its_limit_and_is_over_a_deadband_behind_it()
    {
        var f = new RuleFixture(Hot);
        f.Reading("oil", 90).Pass("1s").Reading("oil", 90.1).Pass("1s").Reading("oil", 86).Pass("1s").Reading("oil", 95);
        var told = f.Last;
        (told.Text, told.Value, told.Kind, told.EventTimeUs).ShouldBe(("oil 90.1, above 90", 90.1, "threshold", (f.NowMs - 2000) * 1000));
        f.Taken().ShouldBe(["press-07/oil hot holds"]);

        f.Pass("1s").Reading("oil", 85);
        f.Taken().ShouldBe(["press-07/oil hot over"]);
    }

    [Fact]
    public void A_deleted_device_leaves_its_groups_and_no_state()
    {
        var f = new RuleFixture(Hot + ", " + Gone + ", " + """{"name": "many", "type": "group", "of": "hot", "atLeast": 2}""");
        f.Reading("oil", 100).Reading("oil", 100, device: "press-08");
        f.Taken().ShouldBe(["press-07/oil hot holds", "many press-07 in 2", "press-08/oil hot holds", "many press-08 in 2"]);
        var before = f.StateEntries;

        f.Delete("press-07").Delete("nobody");
        f.Taken().ShouldBe(["press-07/oil hot over", "many press-07 out 2"]);
        f.Deleted.ShouldBe(["press-07", "nobody"]);
        f.StateEntries.ShouldBe(before - 1);
        f.Pass("10m").Reading("oil", 50, device: "press-08");
        f.Taken().ShouldNotContain(t => t.StartsWith("press-07"), "nobody waits for it any more");

        f.Restart().Reading("oil", 100);
        f.Taken().ShouldContain("press-07/oil hot holds");
    }

    [Fact]
    public void Other_devices_and_sensors_are_not_looked_at()
    {
        var f = new RuleFixture(Hot);
        f.Reading("oil", 100, device: "pump-1").Reading("water", 100);
        f.Taken().ShouldBeEmpty();
        f.Fold.HasChanges.ShouldBeFalse();
    }

    [Fact]
    public void A_threshold_with_a_duration_holds_once_all_readings_over_that_time_were_beyond()
    {
        var f = new RuleFixture("""{"name": "low", "type": "threshold", "sensor": "oil", "below": 10, "for": "30s"}""");
        f.Reading("oil", 5).Pass("20s").Reading("oil", 11).Pass("10s").Reading("oil", 5).Pass("29s").Reading("oil", 5);
        f.Taken().ShouldBeEmpty();
        f.Pass("1s").Reading("oil", 5);
        f.Last.Text.ShouldBe("oil 5, below 10 for 30 s");
        f.Taken().ShouldBe(["press-07/oil low holds"]);
    }

    [Fact]
    public void A_rate_is_the_change_in_its_window()
    {
        var f = new RuleFixture("""{"name": "fast", "type": "rate", "sensor": "p", "above": 10, "per": "1m"}""");
        for (var i = 0; i < 30; i++)
        {
            f.Reading("p", i * 0.8).Pass("5s"); // 9.6 a minute.
        }

        f.Taken().ShouldBeEmpty();
        for (var i = 0; i < 30; i++)
        {
            f.Reading("p", 24 + i).Pass("5s"); // 12 a minute.
        }

        f.Taken().ShouldBe(["press-07/p fast holds"]);
        for (var i = 0; i < 30; i++)
        {
            f.Reading("p", 53).Pass("5s");
        }

        f.Taken().ShouldBe(["press-07/p fast over"]);
    }

    [Fact]
    public void A_jump_over_a_gap_is_no_rate()
    {
        var f = new RuleFixture("""{"name": "fast", "type": "rate", "sensor": "p", "above": 10, "per": "1m"}""");
        f.Reading("p", 0).Pass("1h").Reading("p", 500).Pass("5s").Reading("p", 500);
        f.Taken().ShouldBeEmpty();
    }

    [Fact]
    public void A_sensor_is_stale_when_readings_come_and_stay_the_same()
    {
        var f = new RuleFixture("""{"name": "frozen", "type": "stale", "sensor": "t*", "after": "10m", "deadband": 0.1}""");
        for (var i = 0; i < 11; i++)
        {
            f.Taken().ShouldBeEmpty();
            f.Reading("t1", 20 + (i % 2 * 0.05)).Pass("1m");
        }

        f.Last.Text.ShouldBe("t1 stays at 20 for 10 min");
        f.Taken().ShouldBe(["press-07/t1 frozen holds"]);
        f.Reading("t1", 20.2);
        f.Taken().ShouldBe(["press-07/t1 frozen over"]);
    }

    [Fact]
    public void A_device_is_absent_when_nothing_comes_and_back_with_its_next_reading()
    {
        var f = new RuleFixture("""{"name": "gone", "type": "absent", "after": "5m"}""");
        f.Reading("oil", 1).Pass("4m").Reading("water", 1).Pass("4m").Tick();
        f.Taken().ShouldBeEmpty();
        f.Fold.NextDueMs.ShouldNotBeNull();
        f.Pass("3m").Tick();
        f.Last.Text.ShouldBe("press-07 has sent nothing for 5 min");
        f.Last.EventTimeUs.ShouldBe((f.NowMs - 120_000) * 1000);
        f.Taken().ShouldBe(["press-07/ gone holds"]);
        f.Reading("oil", 1);
        f.Taken().ShouldBe(["press-07/ gone over"]);
    }

    [Fact]
    public void A_sensor_can_be_absent_on_its_own()
    {
        var f = new RuleFixture("""{"name": "gone", "type": "absent", "sensor": "oil", "after": "5m"}""");
        f.Reading("oil", double.NaN).Pass("6m").Tick().Reading("water", 1);
        f.Taken().ShouldBe(["press-07/oil gone holds"]);
    }

    [Fact]
    public void A_device_is_not_absent_because_the_platform_stood_still()
    {
        var f = new RuleFixture("""{"name": "gone", "type": "absent", "devices": "press-*", "after": "5m"}""");
        f.Reading("oil", 1);
        for (var n = 0; n < 30; n++)
        {
            f.Pass("1s").Other();
        }

        // Ten minutes without any record: waiting begins anew, in a restart too.
        f.Pass("10m").Other().Restart();
        for (var n = 0; n < 299; n++)
        {
            f.Pass("1s").Other();
        }

        f.Taken().ShouldBeEmpty();
        f.Pass("1s").Other();
        f.Taken().ShouldBe(["press-07/ gone holds"]);
    }

    [Fact]
    public void An_expression_compares_the_newest_values_of_both_sensors()
    {
        var f = new RuleFixture("""{"name": "delta", "type": "expression", "expression": "inlet - outlet > 15", "deadband": 2, "maxAge": "1m"}""");
        f.Reading("inlet", 40).Pass("1s").Reading("outlet", 20).Pass("1s");
        var told = f.Last;
        (told.Text, told.Value).ShouldBe(("inlet - outlet > 15: 20", 20));
        f.Reading("outlet", 26).Pass("1s");
        f.Taken().ShouldBe(["press-07/ delta holds"]);
        f.Reading("outlet", 27);
        f.Taken().ShouldBe(["press-07/ delta over"]);

        // A value that is too old says nothing.
        f.Pass("2m").Reading("inlet", 400);
        f.Taken().ShouldBeEmpty();
    }

    [Fact]
    public void A_group_is_told_of_its_members_and_of_no_others()
    {
        var f = new RuleFixture(Gone + """, {"name": "site", "type": "group", "devices": "press-*", "of": "gone", "atLeast": 2}""");
        f.Reading("oil", 1).Reading("oil", 1, device: "pump-1").Pass("6m").Tick();
        f.Taken().ShouldBe(["site press-07 in 2"]);
        f.Reading("oil", 1);
        f.Taken().ShouldBe(["site press-07 out 2"]);
    }

    [Fact]
    public void A_rule_that_is_gone_ends_its_conditions_and_its_group_also_after_a_restart()
    {
        var f = new RuleFixture(Hot + "," + Gone + """, {"name": "site", "type": "group", "of": "gone", "atLeast": 1}""");
        f.Reading("oil", 99).Pass("6m").Tick();
        f.Taken().ShouldBe(["press-07/oil hot holds", "site press-07 in 1"]);

        f.Restart("");

        f.Taken().ShouldBe(["press-07/ gone over", "site press-07 out 0", "press-07/oil hot over"]);
        f.Fold.NextDueMs.ShouldBeNull();
    }

    [Fact]
    public void A_rule_that_changes_tells_what_holds_again_with_its_new_figures()
    {
        var f = new RuleFixture(Hot);
        f.Reading("oil", 99);
        f.Taken();
        f.Use("""{"name": "hot", "type": "threshold", "sensor": "oil", "above": 95, "priority": "critical"}""");
        f.Last.Priority.ShouldBe(AlarmPriority.Critical);
        f.Taken().ShouldBe(["press-07/oil hot holds"]);
        f.Pass("1s").Reading("oil", 94);
        f.Taken().ShouldBe(["press-07/oil hot over"]);
    }

    [Fact]
    public void A_restart_forgets_nothing()
    {
        var f = new RuleFixture("""{"name": "low", "type": "threshold", "sensor": "oil", "below": 10, "for": "30s"}, {"name": "gone", "type": "absent", "after": "5m"}""");
        f.Reading("oil", 5).Pass("30s").Restart().Reading("oil", 5);
        f.Taken().ShouldBe(["press-07/oil low holds"]);
        f.Restart().Pass("5m").Tick();
        f.Taken().ShouldBe(["press-07/ gone holds"]);
    }

    [Fact]
    public void A_late_reading_decides_nothing_and_a_clock_set_back_is_followed_after_a_minute()
    {
        var f = new RuleFixture(Hot);
        f.Reading("oil", 50).Pass("1s").Reading("oil", 99, ago: "1h");
        f.Taken().ShouldBeEmpty();
        f.Pass("59s").Reading("oil", 99, ago: "1h");
        f.Taken().ShouldBe(["press-07/oil hot holds"]);
    }

    [Fact]
    public void Bad_readings_and_records_that_are_none_decide_nothing()
    {
        var f = new RuleFixture(Hot);
        f.Reading("oil", double.NaN).Tick();
        f.Taken().ShouldBeEmpty();
        f.Pass("1s").Reading("oil", double.PositiveInfinity);
        f.Taken().ShouldBe(["press-07/oil hot holds"]);
    }
}
