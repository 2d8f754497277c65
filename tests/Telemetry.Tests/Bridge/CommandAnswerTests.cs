using Telemetry.Bridge;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge;

public sealed class CommandAnswerTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("answer", CommandStatus.Answered)]
    [InlineData("error", CommandStatus.Refused)]
    public async Task Answer_becomes_a_result_on_the_log(string end, CommandStatus status)
    {
        await using var fixture = new BridgeFixture(new BridgeOptions { EdgeName = "edge-7" });
        fixture.Publish("""{"ok":true}""", $"telemetry/v1/press-1/commands/{Id}/{end}");
        var record = fixture.Producer.Records.ShouldHaveSingleItem();
        record.Topic.ShouldBe(LogTopics.CommandResults);
        record.Key.ShouldBe("press-1"u8.ToArray());
        ConfluentFrame.TryRead(record.Value, out var schema, out var message).ShouldBeTrue();
        schema.ShouldBe(SchemaIds.CommandResult);
        var result = CommandResult.Parser.ParseFrom(message.Span);
        (result.Device, result.CommandId, result.Status, result.Payload.ToStringUtf8(), result.Edge)
            .ShouldBe(("press-1", Id, status, """{"ok":true}""", "edge-7"));
        result.TimeUs.ShouldBe(BridgeFixture.NowUs);
        fixture.Answers.ShouldHaveSingleItem().Result.Outcome.ShouldBe(IngestOutcome.Stored);
    }

    [Theory]
    [InlineData("telemetry/v1/press-1/commands/xyz/answer")]
    [InlineData("telemetry/v1/press-1/commands//answer")]
    [InlineData("telemetry/v1//commands/0123456789abcdef0123456789abcdef/answer")]
    [InlineData("telemetry/v1/press-1/commands/0123456789abcdef0123456789abcdef")]
    [InlineData("telemetry/v1/press-1/commands/0123456789ABCDEF0123456789ABCDEF/answer")]
    public async Task Malformed_answer_topic_is_refused_as_any_unknown_topic(string topic)
    {
        await using var fixture = new BridgeFixture();
        fixture.Publish("{}", topic);
        fixture.Answers.ShouldHaveSingleItem().Result.Outcome.ShouldBe(IngestOutcome.RejectedTopic);
        fixture.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("unknown-topic");
    }

    [Fact]
    public async Task Answer_carries_the_id_that_a_registry_gave()
    {
        await using var fixture = new BridgeFixture();
        fixture.Ingest.UseSchemaIds(new BridgeOptions { CommandResultSchemaId = 4711 });
        fixture.Publish("1", $"telemetry/v1/press-1/commands/{Id}/answer");
        ConfluentFrame.TryRead(fixture.Producer.Records.ShouldHaveSingleItem().Value, out var schema, out _).ShouldBeTrue();
        schema.ShouldBe(4711);
    }

    [Fact]
    public async Task Answer_beyond_the_limit_is_dead_lettered()
    {
        await using var fixture = new BridgeFixture(new BridgeOptions { CommandAnswerBytesMax = 10 });
        fixture.Publish("\"01234567890\"", $"telemetry/v1/press-1/commands/{Id}/answer");
        fixture.Answers.ShouldHaveSingleItem().Result.Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        fixture.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("too-large");
    }
}
