using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Commands;
using Telemetry.Query.Problems;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Endpoints;

/// <summary>Reads a command from the body of a request.</summary>
internal static class CommandReader
{
    private const int BodyBytesMax = 256 * 1024;
    private static readonly TimeSpan LifetimeDefault = TimeSpan.FromMinutes(1);

    public static async Task<DeviceCommand> ReadAsync(ApiRequest request, string device, long nowUs)
    {
        using var document = await JsonBody.ReadAsync(request, BodyBytesMax, Bad);
        return Read(document.RootElement, device, nowUs, request.Options);
    }

    private static DeviceCommand Read(JsonElement body, string device, long nowUs, QueryOptions options)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw Bad("The body must be an object.");
        }

        var command = new DeviceCommand { Device = device, CommandId = Guid.CreateVersion7().ToString("N"), IssuedAtUs = nowUs };
        var name = "";
        var lifetime = LifetimeDefault;
        JsonElement? payload = null;
        foreach (var property in body.EnumerateObject())
        {
            switch (property.Name)
            {
                case "name" when property.Value.ValueKind == JsonValueKind.String && IsName(property.Value.GetString()!):
                    name = property.Value.GetString()!;
                    break;
                case "payload":
                    payload = property.Value;
                    command.Payload = ByteString.CopyFromUtf8(property.Value.GetRawText());
                    command.ContentType = "application/json";
                    break;
                case "lifetime" when property.Value.ValueKind == JsonValueKind.String
                    && DurationText.TryParse(property.Value.GetString()!, out lifetime)
                    && lifetime > TimeSpan.Zero && lifetime <= options.CommandHistory:
                    break;
                case "by" when property.Value.ValueKind == JsonValueKind.String && property.Value.GetString()!.Length <= 256:
                    command.IssuedBy = property.Value.GetString();
                    break;
                default:
                    throw Bad(
                        $"'{property.Name}' is not usable. A command has name (1 to {ReadingLimits.NameBytesMax} of A-Z a-z 0-9 . _ : -), payload (any JSON), "
                        + $"lifetime (a duration up to {options.CommandHistory}) and by (who issues it, up to 256 characters).");
            }
        }

        command.Name = name.Length > 0 ? name : throw Bad("'name' is missing: what shall the device do?");
        command.ExpiresAtUs = nowUs + UnixMicros.From(lifetime);
        return SparkplugWrites.Is(name) && SparkplugWrites.TryComplete(command, payload) is { } problem ? throw Bad(problem) : command;
    }

    private static bool IsName(string name)
    {
        Span<byte> ascii = stackalloc byte[ReadingLimits.NameBytesMax];
        return Encoding.ASCII.TryGetBytes(name, ascii, out var length) && length == name.Length && ReadingNames.IsDevice(ascii[..length]);
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-command", "The command is not usable", detail)
    {
        Example = """{"name": "set-interval", "payload": {"seconds": 5}, "lifetime": "1m"}""",
    };
}
