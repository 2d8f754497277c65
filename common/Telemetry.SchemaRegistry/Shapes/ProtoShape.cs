using System.Globalization;
using System.Text.RegularExpressions;

namespace Telemetry.SchemaRegistry.Shapes;

/// <summary>
/// What of a .proto file matters on the wire: package, first message and that message's fields. Reads proto3 as registries
/// give it back; it is no compiler.
/// </summary>
/// <param name="MessageName">Full name of the first message.</param>
/// <param name="Fields">Its fields by number.</param>
internal sealed partial record ProtoShape(string MessageName, IReadOnlyDictionary<int, ProtoField> Fields)
{
    /// <summary>Larger texts are not looked at.</summary>
    public const int CharsMax = 256 * 1024;

    /// <summary>Null when it has no message or is too large.</summary>
    public static ProtoShape? Parse(string text)
    {
        if (text.Length > CharsMax)
        {
            return null;
        }

        var plain = Comments().Replace(text, " ");
        var message = MessageHead().Match(plain);
        if (!message.Success)
        {
            return null;
        }

        var package = Package().Match(plain);
        var fields = new Dictionary<int, ProtoField>();
        foreach (Match match in Field().Matches(BodyOf(plain, message.Index + message.Length)))
        {
            if (int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                fields[number] = new ProtoField(match.Groups["type"].Value, match.Groups["label"].Value == "repeated");
            }
        }

        return new ProtoShape((package.Success ? package.Groups[1].Value + "." : "") + message.Groups[1].Value, fields);
    }

    /// <summary>
    /// True: bytes of one can be read as the other. Fields that only one has are passed over by the other, as Protobuf has it;
    /// fields of both must have types of one wire form and the same label.
    /// </summary>
    public bool IsWireCompatible(ProtoShape other) =>
        MessageName == other.MessageName
        && Fields.All(f => !other.Fields.TryGetValue(f.Key, out var theirs) || f.Value.IsWireCompatible(theirs));

    /// <summary>What is inside the braces, without nested messages and enums; the fields of a oneof stay.</summary>
    private static string BodyOf(string text, int start)
    {
        var depth = 1;
        var end = start;
        while (end < text.Length && depth > 0)
        {
            depth += text[end] switch { '{' => 1, '}' => -1, _ => 0 };
            end++;
        }

        var body = text[start..Math.Max(start, end - 1)];
        for (var nested = Nested().Match(body); nested.Success; nested = Nested().Match(body))
        {
            body = body.Remove(nested.Index, nested.Length);
        }

        return body;
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Comments();

    [GeneratedRegex(@"\bpackage\s+([\w.]+)\s*;", RegexOptions.NonBacktracking)]
    private static partial Regex Package();

    [GeneratedRegex(@"\bmessage\s+(\w+)\s*\{", RegexOptions.NonBacktracking)]
    private static partial Regex MessageHead();

    /// <summary>An innermost block of a nested message or enum.</summary>
    [GeneratedRegex(@"\b(message|enum)\s+\w+\s*\{[^{}]*\}", RegexOptions.NonBacktracking)]
    private static partial Regex Nested();

    [GeneratedRegex(@"((?<label>repeated|optional)\s+)?(?<type>[\w.]+)\s+\w+\s*=\s*(?<number>\d+)\s*[;\[]", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();
}
