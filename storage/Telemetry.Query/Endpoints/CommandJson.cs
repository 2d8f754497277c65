using System.Text.Json;
using Google.Protobuf;
using Telemetry.Contracts.Text;
using Telemetry.Query.Commands;

namespace Telemetry.Query.Endpoints;

/// <summary>Writes a command and what became of it.</summary>
internal static class CommandJson
{
    public static void Write(Utf8JsonWriter writer, CommandState state, long nowUs)
    {
        var command = state.Command;
        writer.WriteStartObject();
        writer.WriteString("id", command.CommandId);
        writer.WriteString("device", command.Device);
        writer.WriteString("name", command.Name);
        writer.WriteString("status", state.StatusAt(nowUs));
        WritePayload(writer, "payload", command.Payload);
        writer.WriteString("issued", TimeText.Format(command.IssuedAtUs));
        writer.WriteString("expires", TimeText.Format(command.ExpiresAtUs));
        WriteText(writer, "by", command.IssuedBy.Length == 0 ? null : command.IssuedBy);
        WriteText(writer, "sent", state.SentUs is { } sent ? TimeText.Format(sent) : null);
        WriteText(writer, "edge", state.Edge);
        if (state.Answer is { } answer)
        {
            WriteText(writer, "answered", TimeText.Format(answer.TimeUs));
            WritePayload(writer, "answer", answer.Payload);
        }

        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is null)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, text);
        }
    }

    /// <summary>JSON as it is, text as a string, anything else as base64 in an object.</summary>
    private static void WritePayload(Utf8JsonWriter writer, string name, ByteString payload)
    {
        writer.WritePropertyName(name);
        if (payload.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else if (IsJson(payload.Span))
        {
            writer.WriteRawValue(payload.Span, skipInputValidation: true);
        }
        else if (System.Text.Unicode.Utf8.IsValid(payload.Span))
        {
            writer.WriteStringValue(payload.Span);
        }
        else
        {
            writer.WriteStartObject();
            writer.WriteBase64String("base64", payload.Span);
            writer.WriteEndObject();
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = 32 });
        try
        {
            while (reader.Read())
            {
                reader.TrySkip();
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
