using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Telemetry.ClickHouseServer.Engine;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Options;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Responses;

/// <summary>
/// One answer. The beginning of a result is held back (all of it with <c>wait_end_of_query</c>), so that an early error still
/// gets its status; a later one goes behind the data, in the frame that clients look for, and the answer is left unfinished.
/// Source: ClickHouse's HTTP interface, "HTTP response codes caveats".
/// </summary>
internal sealed class ClientResponse(HttpContext context, ClickHouseServerOptions options, EngineFacts facts) : IAsyncDisposable
{
    private const int ErrorBytesMax = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _held = new();
    private readonly string _tag = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 16);
    private InsertFile? _spool;
    private Stream? _body;
    private string? _format;
    private string? _coding;
    private bool _wait;

    /// <summary>Headers that every answer has.</summary>
    public void SetCommon(string? queryId)
    {
        var headers = context.Response.Headers;
        headers["X-ClickHouse-Server-Display-Name"] = facts.DisplayName;
        headers["X-ClickHouse-Timezone"] = facts.TimeZone;
        headers.KeepAlive = string.Create(CultureInfo.InvariantCulture, $"timeout={(int)options.KeepAliveTimeout.TotalSeconds}, max=9999");
        if (queryId is not null)
        {
            headers["X-ClickHouse-Query-Id"] = queryId;
        }
    }

    /// <param name="format">Format of the result; null: there is none.</param>
    /// <param name="coding">Content coding; null: none.</param>
    /// <param name="wait">Nothing is sent before the end.</param>
    public void Prepare(string? format, string? coding, bool wait)
    {
        _format = format;
        _coding = coding;
        _wait = wait;
    }

    /// <summary>Takes a piece of the result.</summary>
    /// <exception cref="OperationCanceledException">The client does not take it, or is gone.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (_body is null)
        {
            if (_held.WrittenCount + piece.Length <= options.ResponseBufferBytes)
            {
                _held.Write(piece.Span);
                return;
            }

            if (_wait)
            {
                Spool(piece.Span);
                return;
            }

            await BeginAsync(null, cancellationToken);
        }

        await SendAsync(piece, cancellationToken);
    }

    /// <summary>The statement has ended well.</summary>
    public async ValueTask CompleteAsync(EngineAnswer answer, CancellationToken cancellationToken)
    {
        if (_body is null)
        {
            await BeginAsync(answer, cancellationToken);
            if (_spool is { } spool)
            {
                var buffer = new byte[64 * 1024];
                for (long at = 0; spool.Read(buffer, at) is > 0 and var read; at += read)
                {
                    await SendAsync(buffer.AsMemory(0, read), cancellationToken);
                }
            }
        }

        if (_coding is not null)
        {
            await _body!.DisposeAsync();
        }
    }

    /// <summary>The statement has failed.</summary>
    /// <exception cref="BrokenOffException">The answer had begun: it must end without its proper end.</exception>
    public async ValueTask FailAsync(ClickHouseException error)
    {
        var message = Message(error);
        if (_body is not null)
        {
            await SendAsync(Frame(message), context.RequestAborted);
            if (_coding is not null)
            {
                await _body.DisposeAsync();
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            throw new BrokenOffException(message);
        }

        var response = context.Response;
        response.StatusCode = ErrorCodes.HttpStatus(error.Code);
        response.ContentType = "text/plain; charset=UTF-8";
        response.Headers["X-ClickHouse-Exception-Code"] = error.Code.ToString(CultureInfo.InvariantCulture);
        response.Headers["X-ClickHouse-Summary"] = Summary(null);
        if (response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Basic realm=\"ClickHouse server HTTP API\"";
        }

        var body = Encoding.UTF8.GetBytes(message + "\n");
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    public ValueTask DisposeAsync()
    {
        _spool?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Spool(ReadOnlySpan<byte> piece)
    {
        if (_spool is null)
        {
            _spool = new InsertFile(options.InsertMemoryBytes, options.TemporaryFolder);
            _spool.Append(_held.WrittenSpan);
            _held.Clear();
        }

        if (_spool.Length + piece.Length > options.InsertBytesMax)
        {
            throw BodyReader.TooLarge(options);
        }

        _spool.Append(piece);
    }

    private async ValueTask BeginAsync(EngineAnswer? answer, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.Headers["X-ClickHouse-Summary"] = Summary(answer);
        if (_format is { } format)
        {
            var (name, type) = facts.Format(format);
            response.Headers["X-ClickHouse-Format"] = name;
            response.ContentType = type;
        }
        else
        {
            response.ContentType = "text/plain; charset=UTF-8";
        }

        _body = response.Body;
        if (_coding is not null)
        {
            response.Headers.ContentEncoding = _coding;
            _body = ContentCodings.Compress(_body, _coding);
        }
        else if (answer is not null && _spool is null)
        {
            response.ContentLength = _held.WrittenCount;
        }

        if (answer is null)
        {
            response.Headers["X-ClickHouse-Exception-Tag"] = _tag;
        }

        if (_spool is null && _held.WrittenCount > 0)
        {
            await SendAsync(_held.WrittenMemory, cancellationToken);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.RequestAborted);
        limit.CancelAfter(options.SendTimeout);
        await _body!.WriteAsync(piece, limit.Token);
    }

    /// <summary><c>\r\n__exception__\r\nTAG\r\nmessage\nLENGTH TAG\r\n__exception__\r\n</c>; the length counts the line end.</summary>
    private byte[] Frame(string message)
    {
        var text = Encoding.UTF8.GetBytes(message);
        if (text.Length > ErrorBytesMax - 1)
        {
            text = text[..(ErrorBytesMax - 1)];
        }

        var length = (text.Length + 1).ToString(CultureInfo.InvariantCulture);
        return
        [
            .. Encoding.ASCII.GetBytes($"\r\n__exception__\r\n{_tag}\r\n"),
            .. text,
            .. Encoding.ASCII.GetBytes($"\n{length} {_tag}\r\n__exception__\r\n"),
        ];
    }

    private string Message(ClickHouseException error)
    {
        var message = error.Message.TrimEnd();
        if (error.Code == 0)
        {
            message = $"Code: 1001. DB::Exception: {message}. (STD_EXCEPTION)";
        }

        return $"{message} (version {facts.Version})";
    }

    private static string Summary(EngineAnswer? answer) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"read_rows\":\"{answer?.RowsRead ?? 0}\",\"read_bytes\":\"{answer?.BytesRead ?? 0}\","
        + $"\"written_rows\":\"{answer?.RowsWritten ?? 0}\",\"written_bytes\":\"{answer?.BytesWritten ?? 0}\","
        + $"\"total_rows_to_read\":\"0\",\"result_rows\":\"{answer?.ResultRows ?? 0}\",\"result_bytes\":\"{answer?.Body.Length ?? 0}\","
        + $"\"elapsed_ns\":\"{answer?.Elapsed.Ticks * 100 ?? 0}\"}}");
}
