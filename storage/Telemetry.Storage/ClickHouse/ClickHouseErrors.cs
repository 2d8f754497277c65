using System.Globalization;
using System.Text.RegularExpressions;

namespace Telemetry.Storage.ClickHouse;

/// <summary>ClickHouse's error texts and the codes that are treated in a way of their own.</summary>
public static partial class ClickHouseErrors
{
    /// <summary>UNKNOWN_TABLE.</summary>
    public const int UnknownTable = 60;

    /// <summary>TIMEOUT_EXCEEDED.</summary>
    public const int TimeoutExceeded = 159;

    /// <summary>UNKNOWN_USER.</summary>
    public const int UnknownUser = 192;

    /// <summary>WRONG_PASSWORD.</summary>
    public const int WrongPassword = 193;

    /// <summary>REQUIRED_PASSWORD.</summary>
    public const int RequiredPassword = 194;

    /// <summary>TOO_MANY_SIMULTANEOUS_QUERIES.</summary>
    public const int TooManySimultaneousQueries = 202;

    /// <summary>MEMORY_LIMIT_EXCEEDED.</summary>
    public const int MemoryLimitExceeded = 241;

    /// <summary>NOT_ENOUGH_SPACE.</summary>
    public const int NotEnoughSpace = 243;

    /// <summary>AUTHENTICATION_FAILED.</summary>
    public const int AuthenticationFailed = 516;

    /// <summary>FUNCTION_THROW_IF_VALUE_IS_NON_ZERO.</summary>
    public const int ThrowIfValueIsNonZero = 395;

    /// <summary>QUERY_WAS_CANCELLED.</summary>
    public const int QueryWasCancelled = 394;

    /// <summary>TOO_MANY_ROWS_OR_BYTES.</summary>
    public const int TooManyRowsOrBytes = 396;

    /// <summary>An exception from a message like <c>Code: 60. DB::Exception: ...</c>; code 0 when it has none.</summary>
    public static ClickHouseException Parse(string message)
    {
        var match = CodePattern().Match(message);
        var code = match.Success ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return new ClickHouseException(code, message.Trim());
    }

    [GeneratedRegex(@"Code: (\d{1,9})\.")]
    private static partial Regex CodePattern();
}
