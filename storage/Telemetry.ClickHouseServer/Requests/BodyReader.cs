using System.Buffers;
using System.Globalization;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Options;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Requests;

/// <summary>A request's body: the statement at its beginning, data behind it. A client that pauses too long is given up.</summary>
internal sealed class BodyReader(Stream body, ClickHouseServerOptions options)
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>Reads on until <paramref name="bytes"/> more have come or the body has ended.</summary>
    /// <returns>What came; shorter only at the end.</returns>
    public async ValueTask<byte[]> ReadAsync(int bytes, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>();
        while (buffer.WrittenCount < bytes)
        {
            var read = await ReadSomeAsync(buffer.GetMemory(Math.Min(BlockBytes, bytes - buffer.WrittenCount)), bytes - buffer.WrittenCount, cancellationToken);
            if (read == 0)
            {
                break;
            }

            buffer.Advance(read);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Brings the rest into a file.</summary>
    /// <exception cref="ClickHouseException">More than InsertBytesMax.</exception>
    public async ValueTask CopyToAsync(InsertFile file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (await ReadSomeAsync(buffer, buffer.Length, cancellationToken) is > 0 and var read)
            {
                if (file.Length + read > options.InsertBytesMax)
                {
                    throw TooLarge(options);
                }

                file.Append(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static ClickHouseException TooLarge(ClickHouseServerOptions options) => new(
        ErrorCodes.TooManyBytes,
        ErrorCodes.Text(
            ErrorCodes.TooManyBytes,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The data of the INSERT is larger than {options.InsertBytesMax} bytes: send it in several, or raise ClickHouseServer:InsertBytesMax")));

    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, int most, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ReceiveTimeout);
        try
        {
            return await body.ReadAsync(buffer[..Math.Min(buffer.Length, most)], limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ClickHouseException(
                ErrorCodes.SocketTimeout,
                ErrorCodes.Text(ErrorCodes.SocketTimeout, $"Timeout exceeded while receiving data from client. Waited for {options.ReceiveTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds"));
        }
        catch (InvalidDataException e)
        {
            throw new ClickHouseException(ErrorCodes.BadArguments, ErrorCodes.Text(ErrorCodes.BadArguments, $"The body cannot be decompressed: {e.Message}"), e);
        }
    }
}
