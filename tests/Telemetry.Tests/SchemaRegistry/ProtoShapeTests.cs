using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Shapes;

namespace Telemetry.Tests.SchemaRegistry;

public class ProtoShapeTests
{
    private static readonly string Text = TopicSchema.ReadingBatch.Text;

    [Fact]
    public void Every_released_schema_is_what_it_is_named_after()
    {
        foreach (var schema in TopicSchema.All)
        {
            ProtoShape.Parse(schema.Text)!.MessageName.ShouldBe(schema.MessageName);
        }
    }

    [Fact]
    public void The_fields_are_those_of_the_compiled_descriptor()
    {
        var shape = ProtoShape.Parse(Text)!;
        foreach (var field in Telemetry.Contracts.V1.ReadingBatch.Descriptor.Fields.InFieldNumberOrder())
        {
            shape.Fields[field.FieldNumber].IsRepeated.ShouldBe(field.IsRepeated);
        }

        shape.Fields.Count.ShouldBe(Telemetry.Contracts.V1.ReadingBatch.Descriptor.Fields.InFieldNumberOrder().Count);
    }

    [Theory]
    [InlineData("repeated Quality qualities = 9;", "repeated Quality qualities = 9; string site = 10;", true)]
    [InlineData("repeated Quality qualities = 9;", "", true)]
    [InlineData("uint64 first_sequence = 3;", "uint64 first = 3 [deprecated = true];", true)]
    [InlineData("string device = 1;", "/* a = 1; */ bytes device = 1; // string x = 7;", true)]
    [InlineData("string device = 1;", "oneof name { string device = 1; }", true)]
    [InlineData("string device = 1;", "message Inner { message Deep { int32 a = 8; } bool values = 8; } string device = 1;", true)]
    [InlineData("repeated double values = 8;", "double values = 8;", false)]
    [InlineData("repeated double values = 8;", "repeated float values = 8;", false)]
    [InlineData("repeated sint64 time_deltas_us = 7;", "repeated int64 time_deltas_us = 7;", false)]
    [InlineData("package telemetry.v1;", "package telemetry.v9;", false)]
    [InlineData("message ReadingBatch {", "message Batch {", false)]
    public void A_schema_is_ours_when_its_bytes_can_be_read_as_ours(string from, string to, bool expected)
    {
        var changed = Text.Replace(from, to, StringComparison.Ordinal);
        changed.ShouldNotBe(Text);
        ProtoShape.Parse(Text)!.IsWireCompatible(ProtoShape.Parse(changed)!).ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"type\":\"record\"}")]
    [InlineData("syntax = \"proto3\"; package a; enum E { A = 0; }")]
    public void What_has_no_message_is_no_schema_of_ours(string text) => ProtoShape.Parse(text).ShouldBeNull();

    [Fact]
    public void A_text_that_would_take_the_compiler_too_deep_is_not_looked_at() =>
        ProtoShape.Parse("syntax = \"proto3\"; " + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"message M{i} {{"))).ShouldBeNull();

    [Theory]
    [InlineData("string text = 1; // \"message B { double x = 2; }\"", 1)]
    [InlineData("string text = 1 [json_name = \"a = 7;\"];", 1)]
    [InlineData("map<string, double> values = 4;", 4)]
    [InlineData("reserved 2 to 8; reserved \"x\"; optional double y = 9;", 9)]
    [InlineData("google.protobuf.Timestamp at = 3;", 3)]
    [InlineData("other.Thing thing = 5;", 5)]
    public void What_a_compiler_understands_is_understood(string field, int number) =>
        ProtoShape.Parse("syntax = \"proto3\"; package p; import \"google/protobuf/timestamp.proto\"; import \"other.proto\"; message A { " + field + "\n}")!
            .Fields.Keys.ShouldBe([number]);

    [Fact]
    public void A_text_that_ends_inside_a_message_is_no_schema_of_ours() => ProtoShape.Parse("message A { string b = 1; message C {").ShouldBeNull();
}
