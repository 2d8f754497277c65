using System.Globalization;

namespace Telemetry.ClickHouseServer.Errors;

/// <summary>ClickHouse's error codes that this server gives itself, and the HTTP status of every code.</summary>
internal static class ErrorCodes
{
    public const int BadArguments = 36;
    public const int NotImplemented = 48;
    public const int SyntaxError = 62;
    public const int UnknownTypeOfQuery = 78;
    public const int UnknownSetting = 115;
    public const int Readonly = 164;
    public const int TooManySimultaneousQueries = 202;
    public const int SocketTimeout = 209;
    public const int NetworkError = 210;
    public const int QueryWithSameIdIsAlreadyRunning = 216;
    public const int QueryIsTooLarge = 229;
    public const int TooManyBytes = 307;
    public const int IntoOutfileNotAllowed = 358;
    public const int QueryWasCancelled = 394;
    public const int AuthenticationFailed = 516;
    public const int UnknownCompressionMethod = 89;

    private static readonly Dictionary<int, string> Names = new()
    {
        [BadArguments] = "BAD_ARGUMENTS",
        [NotImplemented] = "NOT_IMPLEMENTED",
        [SyntaxError] = "SYNTAX_ERROR",
        [UnknownTypeOfQuery] = "UNKNOWN_TYPE_OF_QUERY",
        [UnknownSetting] = "UNKNOWN_SETTING",
        [UnknownCompressionMethod] = "UNKNOWN_COMPRESSION_METHOD",
        [Readonly] = "READONLY",
        [TooManySimultaneousQueries] = "TOO_MANY_SIMULTANEOUS_QUERIES",
        [SocketTimeout] = "SOCKET_TIMEOUT",
        [NetworkError] = "NETWORK_ERROR",
        [QueryWithSameIdIsAlreadyRunning] = "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
        [QueryIsTooLarge] = "QUERY_IS_TOO_LARGE",
        [TooManyBytes] = "TOO_MANY_BYTES",
        [IntoOutfileNotAllowed] = "INTO_OUTFILE_NOT_ALLOWED",
        [QueryWasCancelled] = "QUERY_WAS_CANCELLED",
        [AuthenticationFailed] = "AUTHENTICATION_FAILED",
    };

    /// <summary>A message as ClickHouse writes it.</summary>
    public static string Text(int code, string message) =>
        string.Create(CultureInfo.InvariantCulture, $"Code: {code}. DB::Exception: {message.TrimEnd('.')}. ({Names[code]})");

    /// <summary>Source: src/Server/HTTP/exceptionCodeToHTTPStatus.cpp of ClickHouse.</summary>
    public static int HttpStatus(int code) => code switch
    {
        194 => 401,
        192 or 193 or AuthenticationFailed or 512 or 497 => 403,

        // BAD_ARGUMENTS, CANNOT_PARSE_*, CANNOT_COMPILE_REGEXP, columns, AST, data and types.
        BadArguments or 6 or 25 or 26 or 27 or 38 or 41 or 72 or 427 or 441 or 675 or 676 or 376 or 15 or 44 or 8 or 37
            or 123 or 167 or 168 or 223 or 321 or SyntaxError or 117 or 53 => 400,

        // Unknown tables, functions, identifiers, types, engines, databases, settings, formats, kinds of queries, roles.
        60 or 46 or 47 or 50 or 56 or 81 or UnknownSetting or 63 or 73 or 152 or 336 or UnknownTypeOfQuery or 511 => 404,
        QueryIsTooLarge or TooManyBytes => 413,
        NotImplemented => 501,
        SocketTimeout or 76 or 439 => 503,
        381 => 411,
        159 => 408,
        779 => 415,
        _ => 500,
    };
}
