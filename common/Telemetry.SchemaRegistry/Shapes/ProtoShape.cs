extern alias ProtobufNet;

using ProtobufNet::Google.Protobuf.Reflection;

namespace Telemetry.SchemaRegistry.Shapes;

/// <summary>
/// What of a schema matters on the wire: the full name of its first message and that message's fields. Taken from the descriptor
/// that a Protobuf compiler makes of the text; registries give text back, whatever they were given.
/// </summary>
/// <param name="MessageName">Full name of the first message.</param>
/// <param name="Fields">Its fields by number.</param>
internal sealed record ProtoShape(string MessageName, IReadOnlyDictionary<int, ProtoField> Fields)
{
    /// <summary>Larger texts are not looked at.</summary>
    public const int CharsMax = 256 * 1024;

    /// <summary>Deeper ones are not looked at: the compiler calls itself for each level.</summary>
    private const int DepthMax = 32;

    private const string FileName = "schema.proto";

    /// <summary>Null when it is no Protobuf, has no message, or is too large.</summary>
    public static ProtoShape? Parse(string text)
    {
        if (text.Length > CharsMax || Depth(text) > DepthMax || Compile(text) is not { MessageTypes.Count: > 0 } file)
        {
            return null;
        }

        var message = file.MessageTypes[0];
        var fields = new Dictionary<int, ProtoField>();
        foreach (var field in message.Fields)
        {
            fields[field.Number] = new ProtoField(
                NameOf(field), field.label == FieldDescriptorProto.Label.LabelRepeated);
        }

        return new ProtoShape((file.Package.Length > 0 ? file.Package + "." : "") + message.Name, fields);
    }

    /// <summary>
    /// True: bytes of one can be read as the other. Fields that only one has are passed over by the other, as Protobuf has it;
    /// fields of both must have types of one wire form and the same label.
    /// </summary>
    public bool IsWireCompatible(ProtoShape other) =>
        MessageName == other.MessageName
        && Fields.All(f => !other.Fields.TryGetValue(f.Key, out var theirs) || f.Value.IsWireCompatible(theirs));

    private static FileDescriptorProto? Compile(string text)
    {
        try
        {
            var set = new FileDescriptorSet { AllowNameOnlyImport = true };
            set.Add(FileName, true, new StringReader(text));
            set.Process();

            // What it imports need not be there: the fields of the message itself are.
            return set.Files.FirstOrDefault(file => file.Name == FileName);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The compiler is made for files of one's own; what it fails on is no schema of ours.
            return null;
        }
    }

    /// <summary>A scalar's name as it is written, or the name of a message or enum.</summary>
    private static string NameOf(FieldDescriptorProto field) => field.type switch
    {
        FieldDescriptorProto.Type.TypeMessage or FieldDescriptorProto.Type.TypeEnum or FieldDescriptorProto.Type.TypeGroup => field.TypeName,
        _ when field.TypeName.Length > 0 => field.TypeName,
        var scalar => scalar.ToString()["Type".Length..].ToLowerInvariant(),
    };

    private static int Depth(string text)
    {
        var (depth, most) = (0, 0);
        foreach (var c in text)
        {
            depth += c switch { '{' => 1, '}' => -1, _ => 0 };
            most = Math.Max(most, depth);
        }

        return most;
    }
}
