using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>Members of a rules document by their types. What is wrong is kept with its place, and something harmless is given instead: all errors are found at once.</summary>
internal sealed class AlarmRuleFields
{
    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(30);

    private readonly List<DocumentError> _errors = [];

    /// <summary>What is wrong so far.</summary>
    public IReadOnlyList<DocumentError> Errors => _errors;

    public void Wrong(string where, string problem) => _errors.Add(new DocumentError(where.Length == 0 ? "the document" : where, problem));

    /// <summary>True: it is an object. A member that is not known there is a word misspelt.</summary>
    public bool IsObject(JsonElement item, string where, string[]? known)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            Wrong(where, "an object was expected.");
            return false;
        }

        foreach (var property in item.EnumerateObject().Where(p => known is not null && !known.Contains(p.Name)))
        {
            Wrong(where.Length == 0 ? property.Name : $"{where}.{property.Name}", $"is not known here. There are: {string.Join(", ", known!)}.");
        }

        return true;
    }

    /// <summary>The items of a list, each with its place.</summary>
    public IEnumerable<(JsonElement Value, string Where)> Items(JsonElement list, string where)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            Wrong(where, "a list was expected.");
            return [];
        }

        if (list.GetArrayLength() > AlarmRulesReader.RulesMax)
        {
            Wrong(where, $"there are more than {AlarmRulesReader.RulesMax}.");
            return [];
        }

        return list.EnumerateArray().Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]")));
    }

    /// <summary>A text that is not empty; null when it is not there.</summary>
    public string? Text(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
        {
            return value.GetString();
        }

        Wrong($"{where}.{name}", "a text was expected.");
        return null;
    }

    /// <summary>The texts of a list; none when it is not there.</summary>
    public List<string> Texts(JsonElement item, string where, string name, Func<string, bool> isUsable, string expected)
    {
        if (!item.TryGetProperty(name, out var list))
        {
            return [];
        }

        var texts = new List<string>();
        foreach (var (value, at) in Items(list, $"{where}.{name}"))
        {
            if (value.ValueKind == JsonValueKind.String && isUsable(value.GetString()!))
            {
                texts.Add(value.GetString()!);
            }
            else
            {
                Wrong(at, $"give {expected}.");
            }
        }

        return texts;
    }

    /// <summary>A pattern of names; null when it is not there.</summary>
    public NamePattern? Pattern(JsonElement item, string where, string name)
    {
        if (Text(item, where, name) is not { } text)
        {
            return null;
        }

        if (text.Length > 128)
        {
            Wrong($"{where}.{name}", "is longer than 128 characters.");
        }

        return new NamePattern(text);
    }

    /// <summary>A finite number; null when it is not there.</summary>
    public double? Number(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
        {
            return number;
        }

        Wrong($"{where}.{name}", "a number was expected.");
        return null;
    }

    /// <summary>A whole number; null when it is not there.</summary>
    public int? Integer(JsonElement item, string where, string name, int least, int most)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Wrong($"{where}.{name}", $"a whole number from {least} to {most} was expected.");
        return null;
    }

    /// <summary>True or false; true when it is neither.</summary>
    public bool Boolean(JsonElement value, string where)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Wrong(where, "true or false was expected.");
        return true;
    }

    /// <summary>A duration up to 30 days; null when it is not there.</summary>
    public TimeSpan? Duration(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && DurationText.TryParse(value.GetString()!, out var duration) && duration <= DurationMax)
        {
            return duration;
        }

        Wrong($"{where}.{name}", "a duration up to 30d was expected, for example 30s or 5m.");
        return null;
    }

    /// <summary>The priority; null when it is not there.</summary>
    public AlarmPriority? Priority(JsonElement item, string where)
    {
        if (Text(item, where, "priority") is not { } name)
        {
            return null;
        }

        if (AlarmNames.Priorities.TryGetValue(name, out var priority))
        {
            return priority;
        }

        Wrong(where + ".priority", $"give one of {string.Join(", ", AlarmNames.Priorities.Keys)}.");
        return null;
    }
}
