using System.Text.Json;
using Telemetry.Contracts.Alarms;

namespace Telemetry.Processing.Settings;

/// <summary>One object of the document: gives its members, and names what is wrong with its place.</summary>
internal sealed class SettingsObject
{
    private readonly HashSet<string> _known = [];
    private readonly string _path;
    private readonly JsonElement _element;
    private readonly List<string> _problems;

    public SettingsObject(string path, JsonElement element, List<string> problems)
    {
        (_path, _element, _problems) = (path, element, problems);
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{(path.Length == 0 ? "The document" : path)}: give an object.");
        }
    }

    public void Problem(string member, string text) => _problems.Add($"{At(member)}: {text}.");

    /// <summary>A member; null when it is not there.</summary>
    public JsonElement? Get(string name)
    {
        _known.Add(name);
        return _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
    }

    /// <summary>A text; null when it is not there.</summary>
    public string? Text(string name)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length <= 1000)
        {
            return value.GetString();
        }

        Problem(name, "give a text of at most 1,000 characters");
        return null;
    }

    /// <summary>A pattern; any name when it is not there.</summary>
    public NamePattern Pattern(string name)
    {
        var text = Text(name) ?? "*";
        if (NamePattern.Problem(text) is { } problem)
        {
            Problem(name, problem);
        }

        return new NamePattern(text);
    }

    /// <summary>The objects of an array; none when it is not there.</summary>
    public IEnumerable<SettingsObject> Objects(string name, int most)
    {
        if (Get(name) is not { } list)
        {
            yield break;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > most)
        {
            Problem(name, $"give an array of at most {most} objects");
            yield break;
        }

        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            yield return new SettingsObject($"{At(name)}[{index++}]", item, _problems);
        }
    }

    /// <summary>All members, where their names are free.</summary>
    public IEnumerable<JsonProperty> Properties(int most)
    {
        if (_element.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var all = _element.EnumerateObject().ToList();
        if (all.Count > most)
        {
            _problems.Add($"{_path}: {all.Count} members; at most {most} are taken.");
        }

        return all.Take(most);
    }

    /// <summary>A member nobody asked for is a word misspelt.</summary>
    public void RefuseOthers()
    {
        if (_element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var other in _element.EnumerateObject().Where(p => !_known.Contains(p.Name)))
        {
            Problem(other.Name, $"there is no such member; there are: {string.Join(", ", _known)}");
        }
    }

    private string At(string member) => _path.Length == 0 ? member : $"{_path}.{member}";
}
