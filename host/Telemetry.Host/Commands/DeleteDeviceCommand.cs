using System.CommandLine;
using System.Globalization;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry devices delete</c>: what is stored of a device, for good.</summary>
internal static class DeleteDeviceCommand
{
    private const int Kept = 1;

    public static Command Create()
    {
        var device = new Argument<string>("device") { Description = "Device id." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var api = new ApiOption();
        var command = new Command(
            "delete",
            "Deletes everything that is stored of a device: readings, rollups, anomalies, incidents, alarms, events. Cannot be undone; is written to the audit log. What the log still "
            + "has of it goes with the log's retention and is stored by no replay (docs/howto/delete-device.md).")
        {
            device, yes,
        };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var name = result.GetValue(device)!;
            if (!result.GetValue(yes) && !Confirm(name))
            {
                await Console.Error.WriteLineAsync("Nothing was deleted.");
                return Kept;
            }

            // Rewriting the parts of every table takes as long as the store is large.
            using var client = api.Connect(result, TimeSpan.FromHours(1));
            var answer = await client.SendAsync(HttpMethod.Delete, $"api/v1/devices/{Uri.EscapeDataString(name)}", null, cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"Deleted {answer.GetProperty("readings").GetInt64():N0} readings of {name} and all that was derived from them."));
            return 0;
        });
        return command;
    }

    /// <exception cref="FormatException">Nobody is there to be asked.</exception>
    private static bool Confirm(string device)
    {
        if (Console.IsInputRedirected)
        {
            throw new FormatException("This cannot be undone, and nobody is there to be asked: give --yes.");
        }

        Console.Error.Write($"This deletes everything stored of {device} for good. Type its name to go on: ");
        return Console.ReadLine() == device;
    }
}
