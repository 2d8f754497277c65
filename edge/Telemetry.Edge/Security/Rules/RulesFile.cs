namespace Telemetry.Edge.Security.Rules;

/// <summary>
/// The file of rules, one a line: <c>allow|deny publish|subscribe|all WHO FILTER</c>, where WHO is <c>everyone</c>, <c>users</c>,
/// <c>anonymous</c>, <c>user=NAME</c>, <c>certificate=NAME</c> or <c>client=ID</c>, quoted if there is a space in it; FILTER is the rest of the
/// line. # starts a comment.
/// </summary>
internal static class RulesFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    private const long BytesMax = 16 << 20;

    /// <exception cref="EdgeConfigurationException">It cannot be read, or a line is wrong; the message names the line.</exception>
    public static IEnumerable<AccessRule> Read(string path)
    {
        var rules = new List<AccessRule>();
        var lines = ReadLines(path);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            try
            {
                rules.Add(Parse(line, $"line {i + 1}"));
            }
            catch (FormatException exception)
            {
                throw new EdgeConfigurationException($"RulesFile '{path}', line {i + 1}: {exception.Message}", exception);
            }
        }

        return rules;
    }

    /// <exception cref="FormatException">It is no rule.</exception>
    public static AccessRule Parse(string line, string origin)
    {
        var rest = line.AsSpan();
        var effect = Word(ref rest);
        var action = Word(ref rest);
        var who = Word(ref rest);
        var filter = rest.Trim().ToString();
        if (effect is not ("allow" or "deny") || action is not ("publish" or "subscribe" or "all") || filter.Length == 0)
        {
            throw new FormatException($"'{line}' is not a rule; expected 'allow|deny publish|subscribe|all WHO FILTER', for example 'allow publish users plant/{{user}}/#'.");
        }

        return Who.TryParse(who, out var whom)
            ? new AccessRule(effect == "deny", action is "publish" or "all", action is "subscribe" or "all", whom, RuleFilter.Parse(filter), origin)
            : throw new FormatException($"'{who}' names nobody; expected everyone, users, anonymous, user=NAME, certificate=NAME or client=ID.");
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return new FileInfo(path).Length <= BytesMax
                ? File.ReadAllLines(path)
                : throw new EdgeConfigurationException($"RulesFile '{path}' is larger than {BytesMax} bytes. Use place holders instead of a rule for each device.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException($"RulesFile '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Up to the next space that is not between quotes; the quotes are taken off.</summary>
    private static string Word(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        var quoted = false;
        var end = 0;
        for (; end < rest.Length && (quoted || !char.IsWhiteSpace(rest[end])); end++)
        {
            quoted ^= rest[end] == '"';
        }

        var word = rest[..end].ToString().Replace("\"", "", StringComparison.Ordinal);
        rest = rest[end..];
        return word;
    }
}
