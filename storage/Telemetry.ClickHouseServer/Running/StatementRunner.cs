using System.IO.Pipelines;
using System.Text;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.ClickHouseServer.Responses;
using Telemetry.ClickHouseServer.Sql;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>Runs one statement on a connection: results through a pipe, data of inserts through a file.</summary>
internal sealed class StatementRunner(EngineSession engine, ClientRequest request, RunningQuery query)
{
    /// <summary>SELECT: pieces of the result go to the client while the query runs.</summary>
    public async Task<EngineAnswer> SelectAsync(
        byte[] sql, Statement statement, ClientResponse response, CancellationToken cancellationToken)
    {
        var head = ProcessTable.Rewrite(sql.AsSpan(0, statement.FileAt), [.. statement.Tokens.Where(t => t.End <= statement.FileAt)], query.Id);
        var format = statement.Format is null ? $"FORMAT {request.DefaultFormat}" : Encoding.UTF8.GetString(sql.AsSpan(statement.FileAt..statement.End));
        return await ResultPipe.RunAsync(
            (path, stop) => engine.RunAsync(
                $"{head}\nINTO OUTFILE '{path}' TRUNCATE {format}", request.DefaultFormat, request.Parameters, query.Tag, stop),
            reader => CopyAsync(reader, response, cancellationToken),
            cancellationToken);
    }

    /// <summary>INSERT with data in a file.</summary>
    public Task<EngineAnswer> InsertAsync(
        byte[] sql, Statement statement, InsertFile file, CancellationToken cancellationToken)
    {
        string text;
        if (statement.Input is { } input)
        {
            var bracket = Array.IndexOf(sql, (byte)'(', input.End) + 1;
            text = $"{Part(sql, 0, input.Start)}file('{file.Path}', '{statement.Format}', {Part(sql, bracket, statement.FormatAt)}";
        }
        else
        {
            var clause = statement.Format == "Values" && !Part(sql, statement.FormatAt, statement.FormatEnd).StartsWith("FORMAT", StringComparison.OrdinalIgnoreCase)
                ? "FORMAT Values"
                : Part(sql, statement.FormatAt, statement.FormatEnd);
            text = $"{Part(sql, 0, statement.FileAt)} FROM INFILE '{file.Path}' {Part(sql, statement.FileAt, statement.FormatAt)} {clause}";
        }

        return engine.RunAsync(text, request.DefaultFormat, request.Parameters, query.Tag, cancellationToken);
    }

    /// <summary>Everything else.</summary>
    public Task<EngineAnswer> OtherAsync(byte[] sql, Statement statement, CancellationToken cancellationToken)
    {
        var end = statement.Kind == SqlKind.InsertData ? sql.Length : statement.End;
        return engine.RunAsync(Encoding.UTF8.GetString(sql, 0, end), request.DefaultFormat, request.Parameters, query.Tag, cancellationToken);
    }

    private static string Part(byte[] sql, int from, int to) => Encoding.UTF8.GetString(sql, from, to - from);

    private static async Task CopyAsync(PipeReader pipe, ClientResponse response, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                await response.WriteAsync(piece, cancellationToken);
            }

            pipe.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
