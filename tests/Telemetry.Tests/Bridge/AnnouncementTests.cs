using Telemetry.Contracts;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge;

public sealed class AnnouncementTests : IAsyncDisposable
{
    private const string Topic = "telemetry/v1/press-1/catalogue";
    private readonly BridgeFixture _bridge = new();

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public void What_a_device_says_of_itself_goes_onto_the_catalogue_topic()
    {
        _bridge.Publish("""{"displayName": "Press 1", "sensors": [{"sensor": "oil", "unit": "°C"}]}""", Topic).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
        var record = _bridge.Producer.Records.ShouldHaveSingleItem();
        (record.Topic, System.Text.Encoding.UTF8.GetString(record.Key)).ShouldBe((LogTopics.Catalogue, "device|press-1"));
        ConfluentFrame.TryRead(record.Value, out var schema, out var message).ShouldBeTrue();
        schema.ShouldBe(SchemaIds.CatalogueEntry);
        var entry = CatalogueEntry.Parser.ParseFrom(message.Span);
        (entry.Source, entry.DisplayName, entry.Sensors[0].UnitCode, entry.TimeUs).ShouldBe((CatalogueSource.Device, "Press 1", "Cel", BridgeFixture.NowUs));
    }

    [Fact]
    public void Without_a_payload_it_takes_back_what_it_said()
    {
        _bridge.Publish("", Topic).ShouldBeTrue();
        ConfluentFrame.TryRead(_bridge.Producer.Records.ShouldHaveSingleItem().Value, out _, out var message).ShouldBeTrue();
        var book = new CatalogueBook(1 << 20);
        book.Take(CatalogueEntry.Parser.ParseFrom(message.Span));
        book.Names().Devices.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"site": 7}""")]
    [InlineData("""{"sensors": [{"sensor": "t", "unitCode": "degC"}]}""")]
    [InlineData("[]")]
    [InlineData("""{"device": "press-2"}""")]
    public void What_cannot_be_used_is_refused_with_a_reason_and_dead_lettered(string payload)
    {
        _bridge.Publish(payload, Topic).ShouldBeTrue();
        var answer = _bridge.TheAnswer();
        answer.Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        answer.Reason.ShouldNotBeNullOrEmpty();
        _bridge.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("bad-catalogue");
    }

    [Fact]
    public void A_device_with_an_illegal_name_has_no_catalogue()
    {
        _bridge.Publish("{}", "telemetry/v1/press 1/catalogue").ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedTopic);
    }
}
