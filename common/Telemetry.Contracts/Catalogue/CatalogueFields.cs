using System.Globalization;
using System.Text.Json;
using Google.Protobuf.Collections;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;

namespace Telemetry.Contracts.Catalogue;

/// <summary>The members of one entry, each of the type it must have. Null is as if it were not there.</summary>
internal readonly struct CatalogueFields(JsonElement item, Func<string, string> at, Action<string, string> wrong)
{
    private const int TagsMax = 64;
    private const int StatesMax = 256;

    /// <summary>Place of a member, for messages.</summary>
    public string At(string member) => at("." + member);

    public string Text(string member, int charsMax)
    {
        if (!TryGet(member, out var value))
        {
            return "";
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : null;
        if (text is null || text.Length > charsMax || text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            wrong(At(member), $"Give text of at most {charsMax} characters, without line breaks and other control characters.");
            return "";
        }

        return text.Trim();
    }

    public double? Number(string member)
    {
        if (!TryGet(member, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
        {
            return number;
        }

        wrong(At(member), "Give a number.");
        return null;
    }

    public int? Integer(string member, int least, int most)
    {
        if (!TryGet(member, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
        {
            return number;
        }

        wrong(At(member), $"Give a whole number from {least} to {most}.");
        return null;
    }

    /// <summary>Microseconds; 0 when it is not given.</summary>
    public long Duration(string member)
    {
        if (Text(member, 64) is not { Length: > 0 } text)
        {
            return 0;
        }

        if (DurationText.TryParse(text, out var duration) && duration >= TimeSpan.FromMilliseconds(1))
        {
            return UnixMicros.From(duration);
        }

        wrong(At(member), $"'{text}' is not a duration of 1 ms or more, such as 10s, 5m or PT1H.");
        return 0;
    }

    /// <summary>An array of <c>name</c> or <c>name=value</c>.</summary>
    public void Tags(MapField<string, string> tags)
    {
        if (!TryGet("tags", out var list))
        {
            return;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > TagsMax)
        {
            wrong(At("tags"), $"Give an array of at most {TagsMax} texts, name or name=value.");
            return;
        }

        foreach (var item in list.EnumerateArray())
        {
            var parts = (item.ValueKind == JsonValueKind.String ? item.GetString()! : "").Split('=', 2);
            var name = parts[0].Trim();
            var value = parts.Length > 1 ? parts[1].Trim() : "";
            if (name.Length is 0 or > 64 || value.Length > 1024 || (name + value).AsSpan().ContainsAnyInRange('\0', '\u001f'))
            {
                wrong(At("tags"), "Each tag is a text, name or name=value; a name has 1 to 64 characters, a value at most 1,024.");
                return;
            }

            tags[name] = value;
        }
    }

    /// <summary>An object: the name of each value.</summary>
    public void States(MapField<long, string> states)
    {
        if (!TryGet("states", out var names))
        {
            return;
        }

        if (names.ValueKind != JsonValueKind.Object || names.GetPropertyCount() > StatesMax)
        {
            wrong(At("states"), $"Give an object with at most {StatesMax} names by value, for example {{\"0\": \"stopped\", \"1\": \"running\"}}.");
            return;
        }

        foreach (var state in names.EnumerateObject())
        {
            if (!long.TryParse(state.Name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                || state.Value.ValueKind != JsonValueKind.String || state.Value.GetString() is not { Length: > 0 and <= 64 } name)
            {
                wrong(At("states"), $"'{state.Name}' is not the whole number of a state with a name of 1 to 64 characters.");
                return;
            }

            states[value] = name;
        }
    }

    private bool TryGet(string member, out JsonElement value) => item.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null;
}
