using System.CommandLine;
using System.Globalization;
using System.Text.Json;

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
            "Deletes everything that is stored of a device: readings, rollups, anomalies, incidents, alarms, events, learned state, catalogue entries, retained messages. Works with "
            + "roles apart too. Cannot be undone; is written to the audit log. Its records on the log stay until the log's retention removes them; no replay stores them again (docs/howto/delete-device.md).")
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

            // The API waits for a minute before it says that the work goes on.
            using var client = api.Connect(result, TimeSpan.FromMinutes(3));
            var answer = await client.SendAsync(HttpMethod.Delete, $"api/v1/devices/{Uri.EscapeDataString(name)}", null, cancellationToken);
            var output = result.InvocationConfiguration.Output;
            var readings = answer.GetProperty("readings").GetInt64();
            await output.WriteLineAsync(answer.GetProperty("done").GetBoolean()
                ? string.Create(CultureInfo.InvariantCulture, $"Deleted {readings:N0} readings of {name} and all that was derived from them.")
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"Ordered: {readings:N0} readings of {name} and all that was derived from them are deleted when the roles come to it. Not done yet: {Join(answer, "waiting")}."));
            if (answer.GetProperty("rules").GetArrayLength() > 0)
            {
                await output.WriteLineAsync($"These alarm rules name this device alone and stay until somebody removes them: {Join(answer, "rules")}.");
            }

            return 0;
        });
        return command;
    }

    private static string Join(JsonElement answer, string property) => string.Join(", ", answer.GetProperty(property).EnumerateArray().Select(e => e.GetString()));

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
