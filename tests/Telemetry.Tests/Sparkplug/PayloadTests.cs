using CsCheck;
using Google.Protobuf;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Testing.Sparkplug;
using Telemetry.Testing.Sparkplug.Wire;
using Telemetry.Testing;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;
using Properties = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertySet;
using Property = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertyValue;

namespace Telemetry.Tests.Sparkplug;

/// <summary>Our reader against the published schema's generated classes, and the values of every datatype.</summary>
public sealed class PayloadTests
{
    public static TheoryData<uint, ulong, bool, double> Integers => new()
    {
        // Sent as one byte and sign-extended: both are -1.
        { 1, 0xFF, false, -1 },
        { 1, 0xFFFFFFFF, false, -1 },
        { 1, 127, false, 127 },
        { 2, 0xFFFF, false, -1 },
        { 2, 0xFFFFFFFF, false, -1 },
        { 3, 0xFFFFFFF4, false, -12 },
        { 3, 0xFFFFFFFFFFFFFFF4, true, -12 },
        { 4, unchecked((ulong)-5_000_000_000), true, -5_000_000_000 },
        { 5, 255, false, 255 },
        { 6, 65_535, false, 65_535 },
        { 7, 4_294_967_295, false, 4_294_967_295 },

        // The reference encoder puts UInt32 into long_value.
        { 7, 4_294_967_295, true, 4_294_967_295 },
        { 8, ulong.MaxValue, true, 18_446_744_073_709_551_615d },
        { 13, 1_700_000_000_000, true, 1_700_000_000_000 },
        { 11, 1, false, 1 },
    };

    [Theory]
    [MemberData(nameof(Integers))]
    [Spec("tck-id-payloads-metric-datatype-value-type")]
    public void Integers_are_taken_from_either_field_and_narrowed(uint datatype, ulong bits, bool wide, double expected)
    {
        var metric = wide ? new Metric { Datatype = datatype, LongValue = bits } : new Metric { Datatype = datatype, IntValue = (uint)bits };

        FoldFixture.ReadingOf(metric)!.Value.ShouldBe(expected);
    }

    [Fact]
    public void Floats_doubles_and_booleans_are_numbers()
    {
        FoldFixture.ReadingOf(new Metric { Datatype = 9, FloatValue = 1.5f })!.Value.ShouldBe(1.5);
        FoldFixture.ReadingOf(new Metric { Datatype = 10, DoubleValue = -2.25 })!.Value.ShouldBe(-2.25);
        FoldFixture.ReadingOf(new Metric { Datatype = 11, BooleanValue = true })!.Value.ShouldBe(1);
        FoldFixture.ReadingOf(new Metric { Datatype = 11, BooleanValue = false })!.Value.ShouldBe(0);
    }

    [Theory]
    [InlineData(24u, "15CD5B07B168DE3A", "123456789 987654321")]
    [InlineData(32u, "0C00000034D0", "0 0 1 1 0 1 0 0 1 1 0 1")]
    [InlineData(30u, "A4709D3F98AEB242", "1.2300000190734863 89.34100341796875")]
    [InlineData(22u, "EF7B", "-17 123")]
    [InlineData(26u, "17FA", "23 250")]
    [InlineData(23u, "E87B9430", "31720 12436")]
    [InlineData(27u, "0BFF", "65291")]
    [InlineData(28u, "FFFFFFFF", "4294967295")]
    [InlineData(25u, "FBFFFFFFFFFFFFFF", "-5")]
    [InlineData(29u, "FFFFFFFFFFFFFFFF", "1.8446744073709552E+19")]
    [InlineData(31u, "000000000000F83F", "1.5")]
    [InlineData(34u, "0068E5CF8B010000", "1700000000000")]
    public void Arrays_are_packed_little_endian_and_booleans_highest_bit_first(uint type, string hex, string expected)
    {
        ArrayValue.TryOpen((SparkplugType)type, Convert.FromHexString(hex), out var array).ShouldBeTrue();

        var values = new List<string>();
        for (var i = 0; i < array.Count; i++)
        {
            values.Add(array[i].ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        }

        string.Join(' ', values).ShouldBe(expected);
    }

    [Theory]
    [InlineData(24u, "15CD5B")]
    [InlineData(32u, "0C0000")]
    [InlineData(32u, "0C00000034")]
    [InlineData(32u, "FFFFFFFF00")]
    [InlineData(33u, "414200")]
    public void Array_of_another_length_is_none(uint type, string hex) =>
        ArrayValue.TryOpen((SparkplugType)type, Convert.FromHexString(hex), out _).ShouldBeFalse();

    [Theory]
    [InlineData(192, Quality.Good)]
    [InlineData(0, Quality.Bad)]
    [InlineData(500, Quality.Uncertain)]
    [InlineData(-2147483136, Quality.Bad)]
    [Spec("tck-id-payloads-propertyset-quality-value-type")]
    [Spec("tck-id-payloads-propertyset-quality-value-value")]
    public void Quality_property_is_the_readings_quality(int code, Quality expected)
    {
        foreach (var key in new[] { "Quality", "quality" })
        {
            var properties = new Properties { Keys = { "other", key }, Values = { new Property { StringValue = "x" }, new Property { Type = 3, IntValue = (uint)code } } };

            FoldFixture.ReadingOf(new Metric { Datatype = 10, DoubleValue = 1, Properties = properties })!.Quality.ShouldBe(expected);
        }
    }

    [Fact]
    public void Null_and_a_metric_without_value_are_bad_and_have_no_value()
    {
        foreach (var metric in new[]
        {
            new Metric { Datatype = 10, IsNull = true, DoubleValue = 5 }, new Metric { Datatype = 10, IsNull = true }, new Metric { Datatype = 3 },
        })
        {
            var reading = FoldFixture.ReadingOf(metric)!;
            (reading.Value, reading.Quality).ShouldBe((double.NaN, Quality.Bad));
        }
    }

    [Fact]
    public void Whatever_the_published_schema_writes_is_read_alike()
    {
        Gen.Select(Gen.String, Gen.ULong, Gen.ULong, Gen.UInt[0, 40], Gen.Bool, Gen.Int[0, 7]).List[0, 8].Sample(metrics =>
        {
            var payload = new Payload { Timestamp = 5, Seq = 7, Uuid = "x", Body = ByteString.CopyFromUtf8("b") };
            payload.Metrics.AddRange(metrics.Select(m => Make(m.Item1, m.Item2, m.Item3, m.Item4, m.Item5, m.Item6)));

            PayloadView.TryScan(payload.ToByteArray(), 100, out var view).ShouldBe(PayloadFault.None);

            (view.Timestamp, view.Seq, view.MetricCount).ShouldBe((5UL, 7UL, payload.Metrics.Count));
            var index = 0;
            foreach (var metric in view)
            {
                Same(metric, payload.Metrics[index++]);
            }
        });
    }

    [Fact]
    public void Every_cut_of_a_payload_is_refused_or_is_a_payload_and_nothing_throws()
    {
        var edge = new ScriptedEdge("g", "e");
        var bytes = edge.NBirth(
            edge.Born("a", 1, 2),
            new Metric
            {
                Name = "set", Datatype = 10, DoubleValue = 1, Timestamp = 1,
                Properties = new Properties { Keys = { "Quality" }, Values = { new Property { Type = 3, IntValue = 192 } } },
            }).Payload;
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            var ours = PayloadView.TryScan(cut, 100, out _) == PayloadFault.None;

            // Generated classes look into nested messages at once; ours when they are needed.
            ours.ShouldBe(Parses(cut), $"{length} bytes");
        }
    }

    [Fact]
    public void No_bytes_break_the_fold()
    {
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            var fixture = FoldFixture.Born();
            fixture.Send(new EdgeMessage(fixture.Edge.Topic("NDATA"), bytes), new EdgeMessage(fixture.Edge.Topic("NBIRTH"), bytes));
            fixture.DeadLetters.ShouldAllBe(letter => letter.Cause != "bridge-failed");
        });
    }

    [Fact]
    public void Damaged_payloads_do_not_break_the_fold()
    {
        var random = new Random(5);
        for (var round = 0; round < 500; round++)
        {
            var fixture = FoldFixture.BornWithDevice();
            var message = fixture.Edge.DBirth(
                "press",
                fixture.Edge.Born("t", 7, 1),
                new Metric { Name = "arr", Datatype = 30, BytesValue = ByteString.CopyFrom(new byte[16]), Timestamp = 9 },
                new Metric
                {
                    Name = "tpl", Datatype = 19, Timestamp = 9,
                    TemplateValue = new Payload.Types.Template { TemplateRef = "T", Metrics = { fixture.Edge.Born("m", 3, 4) } },
                    Properties = new Properties { Keys = { "Quality", "engUnit" }, Values = { new Property { Type = 3, IntValue = 192 }, new Property { StringValue = "V" } } },
                });
            var bytes = message.Payload;
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            fixture.Send(message);
            fixture.DeadLetters.ShouldAllBe(letter => letter.Cause != "bridge-failed");
        }
    }

    [Fact]
    public void Too_many_metrics_are_told_before_any_is_taken()
    {
        var payload = new byte[2 * 11];
        for (var i = 0; i < payload.Length; i += 2)
        {
            payload[i] = 0x12;
        }

        PayloadView.TryScan(payload, 10, out _).ShouldBe(PayloadFault.TooManyMetrics);
        PayloadView.TryScan(payload, 11, out _).ShouldBe(PayloadFault.None);
    }

    private static bool Parses(byte[] bytes)
    {
        try
        {
            Payload.Parser.ParseFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static Metric Make(string name, ulong alias, ulong bits, uint datatype, bool flag, int arm)
    {
        var metric = new Metric { Name = Valid(name), Alias = alias, Timestamp = bits, Datatype = datatype, IsHistorical = flag, IsTransient = !flag };
        switch (arm)
        {
            case 0: metric.IntValue = (uint)bits; break;
            case 1: metric.LongValue = bits; break;
            case 2: metric.FloatValue = BitConverter.UInt32BitsToSingle((uint)bits & 0x7F7FFFFF); break;
            case 3: metric.DoubleValue = BitConverter.UInt64BitsToDouble(bits & 0x7FEFFFFFFFFFFFFF); break;
            case 4: metric.BooleanValue = flag; break;
            case 5: metric.StringValue = Valid(name); break;
            case 6: metric.IsNull = true; break;
            default: metric.BytesValue = ByteString.CopyFromUtf8(Valid(name)); break;
        }

        return metric;
    }

    private static string Valid(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);

    private static void Same(in MetricView ours, Metric theirs)
    {
        System.Text.Encoding.UTF8.GetString(ours.Name).ShouldBe(theirs.Name);
        (ours.Alias, ours.Timestamp, ours.DataType, ours.IsHistorical, ours.IsTransient, ours.IsNull)
            .ShouldBe((theirs.Alias, theirs.Timestamp, theirs.Datatype, theirs.IsHistorical, theirs.IsTransient, theirs.IsNull));
        switch (theirs.ValueCase)
        {
            case Metric.ValueOneofCase.IntValue: (ours.Arm, ours.Bits).ShouldBe((ValueArm.Int, theirs.IntValue)); break;
            case Metric.ValueOneofCase.LongValue: (ours.Arm, ours.Bits).ShouldBe((ValueArm.Long, theirs.LongValue)); break;
            case Metric.ValueOneofCase.FloatValue: (ours.Arm, ours.Bits).ShouldBe((ValueArm.Float, BitConverter.SingleToUInt32Bits(theirs.FloatValue))); break;
            case Metric.ValueOneofCase.DoubleValue: (ours.Arm, ours.Bits).ShouldBe((ValueArm.Double, BitConverter.DoubleToUInt64Bits(theirs.DoubleValue))); break;
            case Metric.ValueOneofCase.BooleanValue: (ours.Arm, ours.Bits != 0).ShouldBe((ValueArm.Boolean, theirs.BooleanValue)); break;
            case Metric.ValueOneofCase.None: ours.Arm.ShouldBe(ValueArm.None); break;
            default: ours.Arm.ShouldBe(theirs.HasStringValue ? ValueArm.String : ValueArm.Bytes); break;
        }
    }
}
