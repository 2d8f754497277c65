using System.Text;
using CsCheck;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Testing;

namespace Telemetry.Tests.Sparkplug;

/// <summary>Topics taken apart, and Sparkplug's names as ours.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("spBv1.0/g/NBIRTH/e", "NBirth g e ")]
    [InlineData("spBv1.0/g/DDATA/e/d", "DData g e d")]
    [InlineData("spBv1.0/my plant/NDATA/é", "NData my plant é ")]
    [InlineData("spBv1.0/NDATA/NDATA/NDATA", "NData NDATA NDATA ")]
    [InlineData("spBv1.0/g/NDATA/e/d", null)]
    [InlineData("spBv1.0/g/DDATA/e", null)]
    [InlineData("spBv1.0/g/DDATA/e/d/x", null)]
    [InlineData("spBv1.0/g/DDATA/e/", null)]
    [InlineData("spBv1.0//NDATA/e", null)]
    [InlineData("spBv1.0/g/NDATA/", null)]
    [InlineData("spBv1.0/g/NDATA", null)]
    [InlineData("spBv1.0/g/ndata/e", null)]
    [InlineData("spBv1.0/STATE/NDATA/e", null)]
    [InlineData("SPBV1.0/g/NDATA/e", null)]
    [Spec("tck-id-topic-structure")]
    [Spec("tck-id-topic-structure-namespace-a")]
    public void Topic_is_taken_apart(string topic, string? expected)
    {
        var taken = SparkplugTopic.TryParse(Encoding.UTF8.GetBytes(topic), out var parsed);

        taken.ShouldBe(expected is not null);
        if (expected is not null)
        {
            $"{parsed.Verb} {Encoding.UTF8.GetString(parsed.Group)} {Encoding.UTF8.GetString(parsed.Edge)} {Encoding.UTF8.GetString(parsed.Device)}".ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("spBv1.0/g/NCMD/e")]
    [InlineData("spBv1.0/g/DCMD/e/d")]
    [InlineData("spBv1.0/STATE/NDATA")]
    [InlineData("spBv1.0/g/NMETA/e")]
    [InlineData("spBv1.0/g")]
    [InlineData("other/g/NDATA/e")]
    public void Commands_states_and_unknown_verbs_stay_ordinary_messages(string topic) =>
        SparkplugTopic.IsData(Encoding.UTF8.GetBytes(topic)).ShouldBeFalse();

    [Theory]
    [InlineData("Temperature", "Temperature")]
    [InlineData("inputs/a_b-c.d:0", "inputs/a_b-c.d:0")]
    [InlineData("Motor 1/Current (A)", "Motor_x201/Current_x20_x28A_x29")]
    [InlineData("é", "_xC3_xA9")]
    [InlineData("a_x41", "a_x5Fx41")]
    [InlineData("a_xyz", "a_xyz")]
    [Spec("tck-id-case-sensitivity-metric-names")]
    public void Sensor_name_is_the_metrics_with_what_is_illegal_escaped(string metric, string expected) =>
        Sensor(metric).ShouldBe(expected);

    [Fact]
    [Spec("tck-id-case-sensitivity-sparkplug-ids")]
    public void Device_id_is_made_of_the_three_ids()
    {
        Device("g", "e", "").ShouldBe("g:e");
        Device("g", "e", "d").ShouldBe("g:e:d");
        Device("G", "e", "d").ShouldBe("G:e:d");
        Device("g:e", "d", "").ShouldBe("g_x3Ae:d");
    }

    [Fact]
    public void Long_names_end_in_a_hash_of_the_whole()
    {
        var first = Sensor(new string('a', 100) + "1");
        var second = Sensor(new string('a', 100) + "2");

        (first.Length, second.Length).ShouldBe((64, 64));
        first.ShouldStartWith(new string('a', 46) + ":h");
        first.ShouldNotBe(second);
    }

    [Fact]
    public void Every_name_is_legal_and_two_names_are_never_one()
    {
        var part = Gen.Char["ab_x4F: /é+:0"].Array[1, 12].Select(chars => new string(chars));
        Gen.Select(part, part, part, part, part, part).Sample((a, b, c, d, e, f) =>
        {
            ReadingNames.IsDevice(Encoding.ASCII.GetBytes(Device(a, b, c))).ShouldBeTrue();
            ReadingNames.IsSensor(Encoding.ASCII.GetBytes(Sensor(a))).ShouldBeTrue();
            (Device(a, b, c) == Device(d, e, f)).ShouldBe((a, b, c) == (d, e, f));
            (Device(a, b, "") == Device(d, e, "")).ShouldBe((a, b) == (d, e));
            (Sensor(a) == Sensor(d)).ShouldBe(a == d);
        });
    }

    [Fact]
    public void Raw_publish_is_read_back_and_cuts_are_refused()
    {
        var topic = "spBv1.0/g/NDATA/e"u8.ToArray();
        var head = new byte[RawPublish.HeadBytesMax(topic)];
        var length = RawPublish.WriteHead(head, topic, new string('é', 1000));
        byte[] value = [.. head.AsSpan(0, length), 1, 2, 3];

        RawPublish.TryRead(value, out var publish).ShouldBeTrue();
        publish.Topic.SequenceEqual(topic).ShouldBeTrue();
        publish.Payload.ToArray().ShouldBe([1, 2, 3]);
        Encoding.UTF8.GetString(publish.ClientId).ShouldBe(new string('é', 256));
        for (var cut = 0; cut < length; cut++)
        {
            RawPublish.TryRead(value.AsSpan(0, cut), out _).ShouldBeFalse();
        }

        RawPublish.TryRead(RawPublish.Tick, out var tick).ShouldBeTrue();
        tick.IsTick.ShouldBeTrue();
    }

    [Theory]
    [InlineData("plant", "line-1", "")]
    [InlineData("plant", "line-1", "press 7")]
    [InlineData("Werk Süd", "a:b", "c_x20d")]
    [InlineData("g", "e", "h0123456789ABCDEF")]
    public void Device_id_tells_what_it_was_made_of(string group, string edge, string device)
    {
        SparkplugNames.TryParseDevice(Device(group, edge, device), out var g, out var e, out var d).ShouldBeTrue();
        (g, e, d).ShouldBe((group, edge, device.Length == 0 ? null : device));
    }

    [Theory]
    [InlineData("press-7")]
    [InlineData("a:b:c:d")]
    [InlineData(":b")]
    [InlineData("a:_xFF")]
    public void Device_id_that_is_none_of_sparkplugs_is_told(string device) =>
        SparkplugNames.TryParseDevice(device, out _, out _, out _).ShouldBeFalse();

    [Fact]
    public void Device_id_that_was_shortened_is_not_guessed_at() =>
        SparkplugNames.TryParseDevice(Device("plant", "line-1", new string('x', 100)), out _, out _, out _).ShouldBeFalse();

    private static string Sensor(string metric) => Encoding.ASCII.GetString(SparkplugNames.Sensor(Encoding.UTF8.GetBytes(metric)));

    private static string Device(string group, string edge, string device) => Encoding.ASCII.GetString(
        SparkplugNames.Device(Encoding.UTF8.GetBytes(group), Encoding.UTF8.GetBytes(edge), Encoding.UTF8.GetBytes(device)));
}
