using Telemetry.Bridge.Commands;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Bridge;

public sealed class PendingCommandsTests
{
    [Fact]
    public void Command_is_due_at_once_and_again_when_it_is_put_back()
    {
        var pending = new PendingCommands(10);
        pending.Add(Command("a", expires: 1_000), 0);
        pending.TryTakeDue(0, out var taken).ShouldBeTrue();
        pending.TryTakeDue(0, out _).ShouldBeFalse();
        pending.TryAgainAt(taken, 50);
        pending.TryTakeDue(49, out _).ShouldBeFalse();
        pending.TryTakeDue(50, out var again).ShouldBeTrue();
        again.Command.CommandId.ShouldBe("a");
    }

    [Fact]
    public void Settled_expired_and_known_commands_never_come_again()
    {
        var pending = new PendingCommands(10);
        pending.Add(Command("settled", expires: 1_000), 0);
        pending.Add(Command("expired", expires: 10), 0);
        pending.Add(Command("settled", expires: 1_000), 0);
        pending.Settle("settled");
        pending.TryTakeDue(10, out _).ShouldBeFalse();
        pending.Count.ShouldBe(0);
    }

    [Fact]
    public void Commands_of_a_deleted_device_are_not_sent()
    {
        var pending = new PendingCommands(10);
        pending.Add(Command("a", expires: 1_000), 0);
        pending.Forget("another");
        pending.Count.ShouldBe(1);
        pending.Forget(Command("a", expires: 1_000).Device);
        pending.TryTakeDue(10, out _).ShouldBeFalse();
        pending.Count.ShouldBe(0);
    }

    [Fact]
    public void A_command_whose_answer_was_read_first_is_not_sent()
    {
        var pending = new PendingCommands(2);
        pending.Settle("answered");
        pending.Add(Command("answered", expires: 1_000), 0);
        pending.TryTakeDue(0, out _).ShouldBeFalse();
        foreach (var id in (string[])["b", "c", "d", "e", "f"])
        {
            pending.Settle(id);
        }

        // Bounded: the oldest answers are forgotten, the newest are not.
        pending.Add(Command("f", expires: 1_000), 0);
        pending.Add(Command("e", expires: 1_000), 0);
        pending.Count.ShouldBe(0);
    }

    [Fact]
    public void Retry_beyond_the_end_of_life_only_forgets_it()
    {
        var pending = new PendingCommands(10);
        pending.Add(Command("a", expires: 100), 0);
        pending.TryTakeDue(0, out var taken).ShouldBeTrue();
        pending.TryAgainAt(taken, 500);
        pending.TryTakeDue(100, out _).ShouldBeFalse();
        pending.Count.ShouldBe(0);
    }

    [Fact]
    public void Full_book_refuses_new_commands_and_keeps_the_old_ones()
    {
        var pending = new PendingCommands(2);
        foreach (var id in (string[])["a", "b", "c"])
        {
            pending.Add(Command(id, expires: 1_000), 0);
        }

        pending.Refused.ShouldBe(1);
        pending.Count.ShouldBe(2);
    }

    private static DeviceCommand Command(string id, long expires) => new() { Device = "d", CommandId = id, ExpiresAtUs = expires };
}
