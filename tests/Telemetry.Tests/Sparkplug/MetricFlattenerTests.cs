using Google.Protobuf;
using Telemetry.Bridge;
using Telemetry.Contracts.Readings;
using Telemetry.Testing.Sparkplug.Wire;
using Telemetry.Testing;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;
using Properties = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertySet;
using Property = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertyValue;
using Template = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Template;

namespace Telemetry.Tests.Sparkplug;

/// <summary>From metrics to readings: templates, arrays, what is no measurement, times, limits, the catalogue.</summary>
public sealed class MetricFlattenerTests
{
    private readonly FoldFixture _host = FoldFixture.Born();

    private ulong Now => (ulong)_host.Edge.NowMs;

    [Fact]
    public void Members_of_a_template_are_named_behind_it_and_data_may_hold_some_of_them_by_name()
    {
        _host.Send(_host.Edge.NBirth(
            new Metric { Name = "Motor", Datatype = 19, TemplateValue = new Template { IsDefinition = true, Metrics = { Member("rpm", 3, null) } } },
            Instance("m1", 4, Member("rpm", 3, 100), Nested("bearing", Member("temp", 10, 40)))));
        _host.Readings.Select(r => (r.Sensor, r.Value)).ShouldBe([("m1/rpm", 100), ("m1/bearing/temp", 40)]);
        _host.Forget();

        var rest = new Metric { Alias = 4, Timestamp = Now, TemplateValue = new Template { TemplateRef = "Motor", Metrics = { new Metric { Name = "rpm", IntValue = unchecked((uint)-5) } } } };
        _host.Send(_host.Edge.NData(rest));

        _host.Readings.Select(r => (r.Sensor, r.Value)).ShouldBe([("m1/rpm", -5)]);
        _host.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public void Template_too_deep_is_a_dead_letter()
    {
        var metric = Member("x", 10, 1);
        for (var i = 0; i < 6; i++)
        {
            metric = Nested("t", metric);
        }

        metric.Name = "top";
        _host.Send(_host.Edge.NBirth(metric, _host.Edge.Born("a", 1, 11)));

        _host.Readings.Select(r => r.Sensor).ShouldBe(["a"]);
        var letter = _host.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("sparkplug-template-too-deep");
        letter.ReadingIndexes.ShouldBe([2u]);
    }

    [Fact]
    public void Elements_of_an_array_are_named_by_their_number()
    {
        var bytes = ByteString.CopyFrom(Convert.FromHexString("A4709D3F98AEB242"));
        _host.Send(_host.Edge.NBirth(new Metric { Name = "spectrum", Alias = 3, Datatype = 30, Timestamp = Now, BytesValue = bytes }));
        _host.Send(_host.Edge.NData(new Metric { Alias = 3, Timestamp = Now, BytesValue = bytes }));

        _host.Readings.Select(r => (r.Sensor, (float)r.Value)).ShouldBe(
            [("spectrum:0", 1.23f), ("spectrum:1", 89.341f), ("spectrum:0", 1.23f), ("spectrum:1", 89.341f)]);
    }

    [Fact]
    public void Bad_and_too_long_arrays_are_dead_letters_by_name_and_the_rest_is_taken()
    {
        _host.Send(_host.Edge.NBirth(
            new Metric { Name = "odd", Datatype = 24, Timestamp = Now, BytesValue = ByteString.CopyFrom(1, 2, 3) },
            new Metric { Name = "long", Datatype = 26, Timestamp = Now, BytesValue = ByteString.CopyFrom(new byte[65]) },
            _host.Edge.Born("a", 1, 11)));

        _host.Readings.Select(r => r.Sensor).ShouldBe(["a"]);
        var letter = _host.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("sparkplug-bad-array");
        letter.Detail.ShouldContain("2 of 5 metrics were refused, the others taken: odd, long.");
        letter.ReadingIndexes.ShouldBe([2u, 3u]);
    }

    [Fact]
    public void Data_set_is_a_dead_letter_by_name_with_the_bytes()
    {
        var birth = _host.Edge.NBirth(new Metric { Name = "table", Datatype = 16, Timestamp = Now, DatasetValue = new Payload.Types.DataSet { NumOfColumns = 0 } });
        _host.Send(birth);

        var letter = _host.DeadLetters.ShouldHaveSingleItem();
        (letter.Cause, letter.Detail.Contains("table")).ShouldBe(("sparkplug-dataset", true));
        letter.Payload.ToByteArray().ShouldBe(birth.Payload);
    }

    [Fact]
    public void Text_bytes_and_files_are_counted_and_no_readings()
    {
        _host.Send(_host.Edge.NBirth(
            new Metric { Name = "serial", Datatype = 12, Timestamp = Now, StringValue = "x" },
            new Metric { Name = "note", Datatype = 14, Timestamp = Now, StringValue = "x" },
            new Metric { Name = "id", Datatype = 15, Timestamp = Now, StringValue = "x" },
            new Metric { Name = "raw", Datatype = 17, Timestamp = Now, BytesValue = ByteString.CopyFrom(1) },
            new Metric { Name = "file", Datatype = 18, Timestamp = Now, BytesValue = ByteString.CopyFrom(1) },
            new Metric { Name = "words", Datatype = 33, Timestamp = Now, BytesValue = ByteString.CopyFromUtf8("ABC\0hello\0") }));

        _host.Readings.ShouldBeEmpty();
        _host.DeadLetters.ShouldBeEmpty();
        _host.Fold.Counts.Passed["text"].ShouldBe(6);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(99u)]
    [InlineData(20u)]
    [Spec("tck-id-payloads-metric-datatype-req")]
    public void Birth_of_an_unknown_type_is_a_dead_letter(uint datatype)
    {
        _host.Send(_host.Edge.NBirth(new Metric { Name = "x", Datatype = datatype, IntValue = 1, Timestamp = Now }));

        _host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-bad-metric");
    }

    [Fact]
    public void Value_of_another_type_is_a_dead_letter()
    {
        _host.Send(_host.Edge.NData(new Metric { Alias = 1, Timestamp = Now, StringValue = "12" }));

        _host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-bad-metric");
        _host.Readings.ShouldBeEmpty();
    }

    [Fact]
    public void Historical_values_keep_their_times_and_do_not_touch_the_last_live_value()
    {
        var hourAgo = Now - 3_600_000;
        _host.Send(_host.Edge.NData(
            _host.Edge.Changed(1, 11), new Metric { Alias = 1, Timestamp = hourAgo, IsHistorical = true, DoubleValue = 3 }));

        _host.Readings.Select(r => (r.TimeUs, r.Value)).ShouldBe([((long)(Now - 1) * 1000, 11), ((long)hourAgo * 1000, 3)]);
        _host.Node.Self!.Metrics.TryFind(1UL, out var entry).ShouldBeTrue();
        entry!.Value.ShouldBe(11);
        _host.Fold.Counts.Historical.ShouldBe(1);
    }

    [Fact]
    public void Transient_values_are_counted_and_not_stored()
    {
        _host.Send(_host.Edge.NData(new Metric { Alias = 1, Timestamp = Now, IsTransient = true, DoubleValue = 3 }));

        _host.Readings.ShouldBeEmpty();
        _host.Fold.Counts.Passed["transient"].ShouldBe(1);
    }

    [Fact]
    [Spec("tck-id-payloads-name-birth-data-requirement")]
    [Spec("tck-id-payloads-metric-timestamp-in-UTC")]
    public void Missing_times_are_taken_from_the_payload_and_else_are_those_of_arrival()
    {
        var sent = _host.Edge.NowMs;
        _host.Send(_host.Edge.NData(new Metric { Alias = 1, DoubleValue = 3 }));
        var at = _host.NowMs += 10;
        _host.Send(FoldFixture.Changed(_host.Edge.NData(new Metric { Alias = 1, DoubleValue = 4 }), p => p.ClearTimestamp()));

        _host.Readings.Select(r => r.TimeUs).ShouldBe([sent * 1000, at * 1000]);
        Telemetry.Contracts.V1.ReadingBatch.Parser.ParseFrom(_host.Outputs[1].Value.AsSpan(6)).TimesAssigned.ShouldBeTrue();
        Telemetry.Contracts.V1.ReadingBatch.Parser.ParseFrom(_host.Outputs[0].Value.AsSpan(6)).TimesAssigned.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(1_999_999_999_999UL)]
    [InlineData(ulong.MaxValue)]
    public void Time_far_from_now_is_a_dead_letter(ulong ms)
    {
        _host.Send(_host.Edge.NData(new Metric { Alias = 1, Timestamp = ms, DoubleValue = 3 }, _host.Edge.Changed(2, 4)));

        _host.Readings.ShouldHaveSingleItem().Value.ShouldBe(4);
        _host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("time-out-of-range");
    }

    [Fact]
    public void Value_a_birth_restates_is_no_second_reading()
    {
        var metric = _host.Edge.Born("a", 1, 10);
        _host.Send(_host.Edge.NBirth(metric));
        _host.Forget();
        _host.Send(_host.Edge.NBirth(metric, _host.Edge.Born("b", 2, 5)));

        _host.Readings.Select(r => r.Sensor).ShouldBe(["b"]);
        _host.Fold.Counts.Passed["restated"].ShouldBe(1);
    }

    [Fact]
    public void Event_ids_count_on_without_a_gap_over_births_and_messages()
    {
        _host.Send(_host.Edge.NData(_host.Edge.Changed(1, 1), _host.Edge.Changed(2, 2)));
        _host.Send(_host.Edge.NBirth(_host.Edge.Born("a", 1, 3)), _host.Edge.NData(_host.Edge.Changed(1, 4)));

        var readings = _host.Readings;
        readings.Select(r => r.BootId).Distinct().ShouldHaveSingleItem();
        AssignedBootId.IsAssigned(readings[0].BootId).ShouldBeTrue();
        readings.Select(r => r.Sequence).ShouldBe([3UL, 4, 5, 6]);
    }

    [Fact]
    public void Birth_larger_than_a_batch_becomes_several()
    {
        var metrics = Enumerable.Range(0, 3000).Select(i => _host.Edge.Born($"m{i}", (ulong)i + 10, i)).ToArray();
        _host.Send(_host.Edge.NBirth(metrics));

        var readings = _host.Readings;
        readings.Select(r => r.Value).ShouldBe(Enumerable.Range(0, 3000).Select(i => (double)i));
        readings.Select(r => r.Sequence).ShouldBe(Enumerable.Range(3, 3000).Select(i => (ulong)i));
    }

    [Fact]
    public void Metrics_beyond_the_limits_are_dead_letters_and_make_no_storm_of_births()
    {
        var host = new FoldFixture(new SparkplugOptions { MetricsPerNodeMax = 5 });
        host.Send(host.Edge.NBirth([.. Enumerable.Range(0, 10).Select(i => host.Edge.Born($"m{i}", (ulong)i, i))]));

        host.Readings.Select(r => r.Sensor).ShouldBe(["m0", "m1", "m2"]);
        var letter = host.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("sparkplug-too-many-metrics");
        letter.ReadingIndexes.Count.ShouldBe(7);
        host.Send(host.Edge.NData(host.Edge.Changed(9, 1), host.Edge.Changed(2, 1)));
        host.Node.RebirthReason.ShouldBeNull();
        host.Readings[^1].Sensor.ShouldBe("m2");
    }

    [Fact]
    public void Devices_beyond_the_limit_are_dead_letters()
    {
        var host = FoldFixture.Born(new SparkplugOptions { DevicesPerNodeMax = 1 });
        host.Send(host.Edge.DBirth("one", host.Edge.Born("t", 3, 1)), host.Edge.DBirth("two", host.Edge.Born("t", 4, 1)));

        host.Readings.Select(r => r.Device).ShouldBe(["plant:line-1:one"]);
        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-too-many-devices");
    }

    [Fact]
    public void Nodes_beyond_the_budget_of_bytes_are_forgotten_the_one_silent_for_longest_first()
    {
        var host = new FoldFixture(new SparkplugOptions { NodesBytesMax = 1 << 20 });
        var metrics = Enumerable.Range(0, 1000).Select(i => host.Edge.Born($"m{i}", (ulong)i, i)).ToArray();
        for (var i = 0; i < 200; i++)
        {
            host.Process(FoldFixture.RecordOf(new Testing.Sparkplug.ScriptedEdge("plant", $"line-{i}").NBirth(metrics), host.Offset, host.NowMs));
        }

        host.Fold.Table.Evicted.ShouldBeGreaterThan(0);
        host.Fold.Totals.Bytes.ShouldBe(host.Fold.Table.Slots.Sum(s => (long)s.State!.TableBytes));
        host.Fold.Totals.Bytes.ShouldBeLessThan((1 << 20) + (8L << 20));
        host.Fold.Table.Slots.Last().Text.ShouldBe("plant/line-199");
    }

    [Fact]
    public void Properties_of_a_birth_feed_the_catalogue_once()
    {
        Metric Metric(double high) => new()
        {
            Name = "Boiler 1/Temp",
            Alias = 9,
            Datatype = 10,
            DoubleValue = high,
            Timestamp = Now,
            Properties = new Properties
            {
                Keys = { "engUnit", "engLow", "engHigh", "Documentation" },
                Values =
                {
                    new Property { Type = 12, StringValue = "degC" }, new Property { Type = 3, IntValue = unchecked((uint)-10) },
                    new Property { Type = 10, DoubleValue = high }, new Property { Type = 12, StringValue = "Water, upper third." },
                },
            },
        };

        _host.Send(_host.Edge.NBirth(Metric(90)), _host.Edge.NBirth(Metric(90)), _host.Edge.NBirth(Metric(95)));

        var entries = _host.Catalogue;
        entries.Select(e => e.High).ShouldBe([90, 95]);
        var entry = entries[0];
        (entry.Device, entry.Sensor, entry.Unit, entry.Low, entry.Description)
            .ShouldBe(("plant:line-1", "Boiler_x201/Temp", "degC", -10, "Water, upper third."));
        entry.Tags["sparkplug.metric"].ShouldBe("Boiler 1/Temp");
        entry.Tags["sparkplug.type"].ShouldBe("Double");
        System.Text.Encoding.UTF8.GetString(_host.Outputs.First(o => o.Topic == Telemetry.Contracts.LogTopics.Catalogue).Key)
            .ShouldBe("plant:line-1/Boiler_x201/Temp");
    }

    [Fact]
    public void Metrics_without_properties_are_in_the_catalogue_too()
    {
        _host.Send(_host.Edge.NBirth(_host.Edge.Born("plain", 1, 1)));

        var entry = _host.Catalogue.ShouldHaveSingleItem();
        (entry.Sensor, entry.Unit, entry.HasLow, entry.HasHigh).ShouldBe(("plain", "", false, false));
    }

    private Metric Instance(string name, ulong alias, params Metric[] members)
    {
        var template = new Template { TemplateRef = "Motor" };
        template.Metrics.AddRange(members);
        return new Metric { Name = name, Alias = alias, Datatype = 19, Timestamp = Now, TemplateValue = template };
    }

    private static Metric Nested(string name, params Metric[] members)
    {
        var template = new Template { TemplateRef = "Inner" };
        template.Metrics.AddRange(members);
        return new Metric { Name = name, Datatype = 19, TemplateValue = template };
    }

    private static Metric Member(string name, uint datatype, double? value)
    {
        var metric = new Metric { Name = name, Datatype = datatype };
        if (datatype == 3)
        {
            metric.IntValue = (uint)(value ?? 0);
        }
        else
        {
            metric.DoubleValue = value ?? 0;
        }

        return metric;
    }
}
