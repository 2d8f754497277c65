using Google.Protobuf;
using Telemetry.Contracts.V1;
using Telemetry.Query.Commands;

namespace Telemetry.Tests.Query;

public sealed class CommandBookTests
{
    private const long Plenty = 1 << 20;

    [Fact]
    public void Answers_to_commands_that_are_never_read_do_not_keep_out_later_ones()
    {
        var book = new CommandBook(3, Plenty);
        for (var i = 0; i < 10; i++)
        {
            book.Add(Result($"orphan-{i}", CommandStatus.Answered));
        }

        book.Add(Result("c", CommandStatus.Answered));
        book.Add(Command("c"));

        book.Of("press-07", "c")!.StatusAt(0).ShouldBe("answered");
    }

    [Fact]
    public void Results_read_before_their_command_are_all_kept_whatever_their_order()
    {
        var book = new CommandBook(3, Plenty);
        book.Add(Result("c", CommandStatus.Answered, timeUs: 5));
        book.Add(Result("c", CommandStatus.Sent, timeUs: 3));
        book.Add(Result("c", CommandStatus.Refused, timeUs: 9));

        var state = book.Find(Command("c"));

        state.SentUs.ShouldBe(3);
        state.Answer!.TimeUs.ShouldBe(5);
        state.StatusAt(0).ShouldBe("answered");
        state.Answered.Task.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void Bytes_are_bounded_for_commands_and_for_early_answers()
    {
        var book = new CommandBook(1000, 10_000);
        for (var i = 0; i < 20; i++)
        {
            book.Add(Command($"c{i}", payload: 1000));
            book.Add(Result($"early-{i}", CommandStatus.Answered, payload: 1000));
        }

        book.Of("press-07", "c0").ShouldBeNull();
        book.Of("press-07", "c19").ShouldNotBeNull();
        book.Of("press-07", 100).Count.ShouldBeInRange(2, 9);
        book.Find(Command("early-0")).Answer.ShouldBeNull();
        book.Find(Command("early-19")).Answer.ShouldNotBeNull();
    }

    [Fact]
    public void Commands_of_a_deleted_device_are_forgotten_and_give_their_bytes_back()
    {
        var book = new CommandBook(1000, 10_000);
        for (var i = 0; i < 5; i++)
        {
            book.Add(Command($"c{i}", payload: 1000));
        }

        book.Remove("press-07");
        book.Of("press-07", 100).ShouldBeEmpty();
        for (var i = 10; i < 15; i++)
        {
            book.Add(Command($"c{i}", payload: 1000));
        }

        book.Of("press-07", 100).Count.ShouldBe(5, "as many as there is room for");
    }

    private static DeviceCommand Command(string id, int payload = 0) => new()
    {
        CommandId = id, Device = "press-07", Name = "reset", ExpiresAtUs = 100, Payload = ByteString.CopyFrom(new byte[payload]),
    };

    private static CommandResult Result(string id, CommandStatus status, long timeUs = 1, int payload = 0) => new()
    {
        CommandId = id, Device = "press-07", Status = status, TimeUs = timeUs, Edge = "edge-1", Payload = ByteString.CopyFrom(new byte[payload]),
    };
}
