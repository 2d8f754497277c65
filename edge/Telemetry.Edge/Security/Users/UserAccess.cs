namespace Telemetry.Edge.Security.Users;

/// <summary>What a person or service may do over HTTP, each with what those before it may.</summary>
public enum UserRole
{
    /// <summary>Reads readings, series, anomalies, alarms.</summary>
    Viewer = 1,

    /// <summary>Acknowledges and shelves alarms, and sends commands to devices.</summary>
    Operator = 2,

    /// <summary>Puts settings of detectors and alarm rules in force, and runs backtests.</summary>
    Engineer = 3,

    /// <summary>Reads the audit log and sees users and all tokens.</summary>
    Administrator = 4,
}

/// <summary>
/// A user's line in the users file that is not a password: <c>@role=engineer mqtt certificate devices=press-*,line1.*</c>.
/// </summary>
/// <param name="Role">What it may do over HTTP.</param>
public sealed record UserAccess(UserRole Role)
{
    /// <summary>What such a line begins with after the name. No password hash does.</summary>
    internal const string Mark = "@role=";

    /// <summary>Patterns of devices at most, and characters of one.</summary>
    private const int PatternsMax = 100;
    private const int PatternCharactersMax = 128;

    /// <summary>MQTT takes the user too.</summary>
    public bool Mqtt { get; init; }

    /// <summary>A client certificate with this name is this user over HTTPS; no password is needed.</summary>
    public bool Certificate { get; init; }

    /// <summary>Device ids the user sees; <c>*</c> stands for any characters. Empty: all.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Reads the line after the name.</summary>
    /// <exception cref="FormatException">It is not such a line; the message says what is wrong.</exception>
    public static UserAccess Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !words[0].StartsWith(Mark, StringComparison.Ordinal))
        {
            throw new FormatException($"it must begin with '{Mark}' and a role.");
        }

        var access = new UserAccess(ParseRole(words[0][Mark.Length..]));
        foreach (var word in words.Skip(1))
        {
            access = word switch
            {
                "mqtt" => access with { Mqtt = true },
                "certificate" => access with { Certificate = true },
                _ when word.StartsWith("devices=", StringComparison.Ordinal) => access with { Devices = ParseDevices(word["devices=".Length..]) },
                _ => throw new FormatException($"'{word}' is not known; after the role there may be: mqtt, certificate, devices=PATTERN,PATTERN."),
            };
        }

        return access;
    }

    /// <summary>A role by its name, upper and lower case alike.</summary>
    /// <exception cref="FormatException">There is no such role.</exception>
    public static UserRole ParseRole(string text) =>
        Enum.TryParse<UserRole>(text, ignoreCase: true, out var role) && Enum.IsDefined(role) && !char.IsAsciiDigit(text[0])
            ? role
            : throw new FormatException($"'{text}' is not a role; the roles are viewer, operator, engineer, administrator.");

    /// <summary>Patterns of device ids, separated by commas.</summary>
    /// <exception cref="FormatException">One cannot be a pattern.</exception>
    public static IReadOnlyList<string> ParseDevices(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var patterns = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return patterns.Length is > 0 and <= PatternsMax && patterns.All(IsPattern)
            ? patterns
            : throw new FormatException(
                $"'{text}' are not patterns of device ids: give 1 to {PatternsMax} of A-Z a-z 0-9 . _ : - and *, up to {PatternCharactersMax} characters each, separated by commas.");
    }

    /// <summary>The line after the name.</summary>
    public override string ToString() =>
        Mark + NameOf(Role) + (Mqtt ? " mqtt" : "") + (Certificate ? " certificate" : "")
        + (Devices.Count > 0 ? " devices=" + string.Join(',', Devices) : "");

    /// <summary>The role as it is written everywhere: in small letters.</summary>
    public static string NameOf(UserRole role) => role.ToString().ToLowerInvariant();

    private static bool IsPattern(string text) =>
        text.Length <= PatternCharactersMax && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-' or '*');
}
