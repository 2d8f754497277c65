using System.Globalization;
using System.Text;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>What an answer that is no result says.</summary>
internal static class HttpErrors
{
    private const string CodeHeader = "X-ClickHouse-Exception-Code";
    private const int TextMax = 4096;

    public static bool Is(HttpResponseMessage response) =>
        response.StatusCode != System.Net.HttpStatusCode.OK || response.Headers.Contains(CodeHeader);

    /// <summary>The server's code from the header, else from the text; 0 when it is no answer of ClickHouse (a proxy's, for example).</summary>
    public static async ValueTask<ClickHouseException> ReadAsync(HttpResponseMessage response, Stream body, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(body, Encoding.UTF8);
        var text = new char[TextMax];
        var length = await reader.ReadBlockAsync(text, cancellationToken);
        var error = ClickHouseErrors.Parse(new string(text, 0, length));
        var code = response.Headers.TryGetValues(CodeHeader, out var codes)
            && int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
                ? parsed
                : error.Code;
        return code > 0
            ? new ClickHouseException(code, error.Message)
            : new ClickHouseException(0, $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}: {error.Message}");
    }

    /// <summary>True: the server has surely not begun with the statement.</summary>
    public static bool NotBegun(Exception error) => error switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        ClickHouseException { Code: ClickHouseErrors.TooManySimultaneousQueries } => true,
        _ => false,
    };
}
