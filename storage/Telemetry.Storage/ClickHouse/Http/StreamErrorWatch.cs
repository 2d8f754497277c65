using System.Buffers;
using System.Text;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// A server that fails after it has begun to answer with 200 writes its exception behind the data and breaks the stream off
/// or ends it. This keeps the end of the result back until it is known to be no exception. Servers since 25.x announce a
/// tag that frames the exception; older ones end with a line <c>Code: N. DB::Exception: ...</c>.
/// </summary>
internal sealed class StreamErrorWatch(string? tag, TimeSpan idle)
{
    /// <summary>Longest exception text looked for.</summary>
    private const int TailBytes = 16 * 1024;

    public async ValueTask CopyAsync(Stream source, Stream destination, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(TailBytes + (64 * 1024));
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var held = 0;
        try
        {
            while (true)
            {
                int read;
                try
                {
                    silence.CancelAfter(idle);
                    read = await source.ReadAsync(buffer.AsMemory(held), silence.Token);
                    silence.CancelAfter(Timeout.InfiniteTimeSpan);
                }
                catch (Exception e) when (e is HttpIOException or IOException && Find(buffer.AsSpan(0, held)) is { } at)
                {
                    throw Error(buffer, at, held);
                }

                if (read == 0)
                {
                    break;
                }

                held += read;
                if (held > TailBytes)
                {
                    await destination.WriteAsync(buffer.AsMemory(0, held - TailBytes), cancellationToken);
                    buffer.AsSpan(held - TailBytes, TailBytes).CopyTo(buffer);
                    held = TailBytes;
                }
            }

            if (Find(buffer.AsSpan(0, held)) is { } found)
            {
                throw Error(buffer, found, held);
            }

            await destination.WriteAsync(buffer.AsMemory(0, held), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ClickHouseException Error(byte[] buffer, int at, int held)
    {
        var error = ClickHouseErrors.Parse(Encoding.UTF8.GetString(buffer, at, held - at));
        return error.Code > 0 ? error : new ClickHouseException(ClickHouseErrors.QueryWasCancelled, error.Message);
    }

    private int? Find(ReadOnlySpan<byte> tail)
    {
        var at = tag is not null
            ? tail.LastIndexOf(Encoding.ASCII.GetBytes($"__exception__\r\n{tag}"))
            : LastException(tail);
        return at >= 0 ? at : null;
    }

    /// <summary>At the start of a line and running to the end, so that a value with such a text in the middle does not count.</summary>
    private static int LastException(ReadOnlySpan<byte> tail)
    {
        var at = tail.LastIndexOf("Code: "u8);
        if (at < 0 || (at > 0 && tail[at - 1] != '\n') || !tail[at..].Contains((byte)'.'))
        {
            return -1;
        }

        var rest = tail[at..];
        var line = rest.IndexOf("DB::Exception: "u8);
        return line is > 0 and < 24 && rest.TrimEnd("\r\n"u8).IndexOf((byte)'\t') < 0 ? at : -1;
    }
}
