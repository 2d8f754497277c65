using System.Globalization;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>
/// Conditions of a WHERE clause. The text is ours; values only ever go beside it, so no name can become SQL.
/// </summary>
internal sealed class Filters
{
    private readonly List<string> _conditions = [];
    private readonly List<KeyValuePair<string, string>> _values = [];

    public IReadOnlyList<KeyValuePair<string, string>> Values => _values;

    public string Where => _conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", _conditions);

    public Filters Equal(string column, string type, string? value)
    {
        if (value is not null)
        {
            _conditions.Add($"{column} = {{{column}:{type}}}");
            Value(column, value);
        }

        return this;
    }

    /// <summary>Rows whose <paramref name="column"/> contains the text, upper and lower case alike.</summary>
    public Filters Contains(string column, string? text)
    {
        if (text is not null)
        {
            _conditions.Add($"positionCaseInsensitive({column}, {{text:String}}) > 0");
            Value("text", text);
        }

        return this;
    }

    /// <summary>Rows whose array <paramref name="column"/> has the value.</summary>
    public Filters Has(string column, string name, string? value)
    {
        if (value is not null)
        {
            _conditions.Add($"has({column}, {{{name}:String}})");
            Value(name, value);
        }

        return this;
    }

    /// <summary>Rows whose <paramref name="column"/> is not below a number; all for 0.</summary>
    public Filters AtLeast(string column, int least)
    {
        if (least > 0)
        {
            _conditions.Add($"{column} >= {{{column}:Int64}}");
            Value(column, least);
        }

        return this;
    }

    /// <summary>Rows for which a condition of ours holds.</summary>
    public Filters Is(string condition)
    {
        _conditions.Add(condition);
        return this;
    }

    /// <summary>Rows of a DateTime64 column within the range.</summary>
    public Filters Within(string column, TimeRange range)
    {
        _conditions.Add($"{column} >= fromUnixTimestamp64Micro({{from:Int64}}, 'UTC')");
        _conditions.Add($"{column} < fromUnixTimestamp64Micro({{to:Int64}}, 'UTC')");
        return Value("from", range.From).Value("to", range.To);
    }

    /// <summary>Rows whose <paramref name="column"/> is one of the names.</summary>
    public Filters OneOf(string column, IEnumerable<string> names, string parameter = "names")
    {
        _conditions.Add($"{column} IN {{{parameter}:Array(String)}}");
        return Value(parameter, EngineText.Array(names));
    }

    public Filters Value(string name, string value)
    {
        _values.Add(new(name, value));
        return this;
    }

    public Filters Value(string name, long value) => Value(name, value.ToString(CultureInfo.InvariantCulture));
}
