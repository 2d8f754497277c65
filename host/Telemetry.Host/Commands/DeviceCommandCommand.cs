using System.CommandLine;
using System.Text.Json;

namespace Telemetry.Host.Commands;

/// <summary>Sends a command to a device through the API and shows its answer.</summary>
internal static class DeviceCommandCommand
{
    private const int Unanswered = 1;

    public static Command Create()
    {
        var device = new Argument<string>("device") { Description = "Device id." };
        var name = new Argument<string>("name") { Description = "What to do, for example set-interval." };
        var payload = new Option<string?>("--payload") { Description = "Arguments for the device, JSON." };
        var lifetime = new Option<string>("--lifetime")
        {
            Description = "How long the command is valid (default 1m).",
            DefaultValueFactory = _ => "1m",
        };
        var wait = new Option<string>("--wait") { Description = "How long to wait for the answer (default 10s, at most 1m).", DefaultValueFactory = _ => "10s" };
        var api = new ApiOption();
        var command = new Command("command", "Sends a command to a device and shows its answer. Ends with code 1 when the device refused or did not answer. Sparkplug: sparkplug-write, sparkplug-rebirth.")
        {
            device, name, payload, lifetime, wait,
        };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var body = new Dictionary<string, object?>
            {
                ["name"] = result.GetValue(name),
                ["lifetime"] = result.GetValue(lifetime),
                ["by"] = Environment.UserName,
            };
            if (result.GetValue(payload) is { } text)
            {
                body["payload"] = Parse(text);
            }

            using var content = JsonContent.Create(body);
            var answer = await api.SendAsync(
                result,
                HttpMethod.Post,
                $"api/v1/devices/{Uri.EscapeDataString(result.GetValue(device)!)}/commands?wait={Uri.EscapeDataString(result.GetValue(wait)!)}",
                content,
                cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(answer, Readable));
            var isDone = answer.GetProperty("status").GetString() is "answered"
                || (answer.GetProperty("status").GetString() is "sent" && answer.GetProperty("name").GetString()!.StartsWith("sparkplug-", StringComparison.Ordinal));
            return isDone ? 0 : Unanswered;
        });
        return command;
    }

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    private static JsonElement Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException error)
        {
            throw new FormatException($"--payload is not JSON: {error.Message} Text goes in quotes: --payload '\"text\"'.", error);
        }
    }
}
