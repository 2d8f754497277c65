using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Audit;

/// <summary>Results of any length, as they come: no more than a few megabytes are in memory.</summary>
internal static class StreamedRows
{
    private static readonly PipeOptions Small = new(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, useSynchronizationContext: false);

    /// <summary>Rows of text fields (format TabSeparated).</summary>
    public static async IAsyncEnumerable<string[]> StreamRowsAsync(
        this IClickHouse clickHouse,
        string sql,
        IReadOnlyList<KeyValuePair<string, string>>? parameters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var result = Open(clickHouse, new ClickHouseQuery(sql, parameters, "TabSeparated", Kind: QueryKind.Batch), cancellationToken);
        using var reader = new StreamReader(result.Stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 64 << 10);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line.Split('\t');
        }

        await result.EndAsync();
    }

    /// <summary>The bytes of a result, to be disposed of; a reader that stops early stops the query.</summary>
    public static StreamedResult Open(IClickHouse clickHouse, ClickHouseQuery query, CancellationToken cancellationToken) =>
        new(clickHouse, query, new Pipe(Small), cancellationToken);
}

/// <summary>A running query and its result.</summary>
internal sealed class StreamedResult : IAsyncDisposable
{
    private readonly Pipe _pipe;
    private readonly CancellationTokenSource _stop;
    private readonly Task _query;

    public StreamedResult(IClickHouse clickHouse, ClickHouseQuery query, Pipe pipe, CancellationToken cancellationToken)
    {
        _pipe = pipe;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Stream = pipe.Reader.AsStream();
        var token = _stop.Token;
        _query = Task.Run(
            async () =>
            {
                Exception? error = null;
                try
                {
                    await clickHouse.StreamAsync(query, pipe.Writer.AsStream(leaveOpen: true), token);
                }
                catch (Exception e)
                {
                    error = e;
                    throw;
                }
                finally
                {
                    await pipe.Writer.CompleteAsync(error);
                }
            },
            CancellationToken.None);
    }

    public Stream Stream { get; }

    /// <summary>The result was read to its end: throws what the query threw.</summary>
    public Task EndAsync() => _query;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pipe.Reader.CompleteAsync();
        await _query.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
