using System.Globalization;
using System.Text.Json;
using Google.Protobuf;

namespace Telemetry.Contracts.Sparkplug;

/// <summary>A value of one of Sparkplug's scalar types, to be written to a metric.</summary>
public readonly record struct SparkplugScalar
{
    private const uint Int8 = 1;
    private const uint Int64 = 4;
    private const uint UInt8 = 5;
    private const uint UInt64 = 8;
    private const uint Float = 9;
    private const uint Double = 10;
    private const uint Boolean = 11;
    private const uint String = 12;
    private const uint DateTime = 13;
    private const uint Text = 14;
    private const uint Uuid = 15;

    // Field numbers of the value in org.eclipse.tahu.protobuf.Payload.Metric.
    private const int IntValue = 10;
    private const int LongValue = 11;
    private const int FloatValue = 12;
    private const int DoubleValue = 13;
    private const int BooleanValue = 14;
    private const int StringValue = 15;

    private static readonly Dictionary<string, uint> Codes = new(StringComparer.Ordinal)
    {
        ["Int8"] = Int8, ["Int16"] = 2, ["Int32"] = 3, ["Int64"] = Int64, ["UInt8"] = UInt8, ["UInt16"] = 6, ["UInt32"] = 7, ["UInt64"] = UInt64,
        ["Float"] = Float, ["Double"] = Double, ["Boolean"] = Boolean, ["String"] = String, ["DateTime"] = DateTime, ["Text"] = Text, ["UUID"] = Uuid,
    };

    private readonly ulong _bits;
    private readonly double _real;
    private readonly string? _text;

    private SparkplugScalar(uint code, ulong bits = 0, double real = 0, string? text = null) =>
        (TypeCode, _bits, _real, _text) = (code, bits, real, text);

    /// <summary>True.</summary>
    public static SparkplugScalar True { get; } = new(Boolean, 1);

    /// <summary>Names of the types there are.</summary>
    public static IEnumerable<string> Types => Codes.Keys;

    /// <summary>Code of the type on the wire, Sparkplug 3.0 section 6.4.16.</summary>
    public uint TypeCode { get; }

    /// <summary>Takes a JSON value as one of a type.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="json">
    /// A number, for DateTime milliseconds since 1970; true or false; a string. 64-bit integers may be strings: not every JSON keeps their digits.
    /// </param>
    /// <param name="scalar">The value.</param>
    /// <returns>Null, or what is wrong, as a sentence.</returns>
    public static string? TryRead(string type, JsonElement json, out SparkplugScalar scalar)
    {
        scalar = default;
        if (!Codes.TryGetValue(type, out var code))
        {
            return $"'{type}' is not a scalar type of Sparkplug; there are {string.Join(", ", Codes.Keys)}.";
        }

        switch (code)
        {
            case Boolean when json.ValueKind is JsonValueKind.True or JsonValueKind.False:
                scalar = new SparkplugScalar(code, json.GetBoolean() ? 1UL : 0);
                return null;
            case String or Text when json.ValueKind == JsonValueKind.String:
                scalar = new SparkplugScalar(code, text: json.GetString());
                return null;
            case Uuid when json.ValueKind == JsonValueKind.String && Guid.TryParseExact(json.GetString(), "D", out _):
                scalar = new SparkplugScalar(code, text: json.GetString());
                return null;
            case Double or Float when json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var real)
                && (code == Float ? float.IsFinite((float)real) : double.IsFinite(real)):
                scalar = new SparkplugScalar(code, real: real);
                return null;
            case DateTime or UInt64 when Digits(json) is { } digits && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var bits):
                scalar = new SparkplugScalar(code, bits);
                return null;
            case >= UInt8 and < UInt64 when Digits(json) is { } digits && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
                && bits <= ulong.MaxValue >> (64 - BitsOf(code)):
                scalar = new SparkplugScalar(code, bits);
                return null;
            case >= Int8 and <= Int64 when Digits(json) is { } digits && long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= long.MinValue >> (64 - BitsOf(code)) && number <= long.MaxValue >> (64 - BitsOf(code)):
                scalar = new SparkplugScalar(code, code == Int64 ? (ulong)number : unchecked((uint)(int)number));
                return null;
            default:
                return $"{json.GetRawText()} is no value of the type {type}.";
        }
    }

    internal void Write(CodedOutputStream output)
    {
        switch (TypeCode)
        {
            case Boolean:
                output.WriteTag(BooleanValue, WireFormat.WireType.Varint);
                output.WriteBool(_bits != 0);
                break;
            case String or Text or Uuid:
                output.WriteTag(StringValue, WireFormat.WireType.LengthDelimited);
                output.WriteString(_text ?? "");
                break;
            case Float:
                output.WriteTag(FloatValue, WireFormat.WireType.Fixed32);
                output.WriteFloat((float)_real);
                break;
            case Double:
                output.WriteTag(DoubleValue, WireFormat.WireType.Fixed64);
                output.WriteDouble(_real);
                break;
            case Int64 or UInt64 or DateTime:
                output.WriteTag(LongValue, WireFormat.WireType.Varint);
                output.WriteUInt64(_bits);
                break;
            default:
                output.WriteTag(IntValue, WireFormat.WireType.Varint);
                output.WriteUInt32((uint)_bits);
                break;
        }
    }

    /// <summary>8, 16, 32 or 64: each sign has its codes in this order.</summary>
    private static int BitsOf(uint code) => 8 << (int)((code - 1) % 4);

    private static string? Digits(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.String => json.GetString(),
        _ => null,
    };
}
