using System.Text;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Options;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.ClickHouseServer.Sql;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>A statement's bytes: the parameter <c>query</c>, then the body, as far as needed to know where data begins.</summary>
internal sealed record StatementText(byte[] Sql, Statement Statement, bool BodyLeft)
{
    private const int FirstBytes = 256 * 1024;

    /// <exception cref="ClickHouseException">Too long, several statements, or not allowed here.</exception>
    public static async ValueTask<StatementText> ReadAsync(
        string query, BodyReader? body, ClickHouseServerOptions options, CancellationToken cancellationToken)
    {
        var sql = Encoding.UTF8.GetBytes(query);
        var statement = StatementParser.Parse(sql);
        if (statement.Kind == SqlKind.InsertData || body is null)
        {
            return new StatementText(sql, statement, BodyLeft: body is not null);
        }

        var next = FirstBytes;
        while (true)
        {
            var piece = await body.ReadAsync(next, cancellationToken);
            var left = piece.Length == next;
            sql = sql.Length == 0 || next > FirstBytes ? [.. sql, .. piece] : piece.Length == 0 ? sql : [.. sql, (byte)'\n', .. piece];
            statement = StatementParser.Parse(sql);
            if (!left || (statement.Kind == SqlKind.InsertData && statement.DataAt < sql.Length))
            {
                return new StatementText(sql, statement, left);
            }

            if (sql.Length > options.StatementBytesMax)
            {
                throw new ClickHouseException(
                    ErrorCodes.QueryIsTooLarge,
                    ErrorCodes.Text(ErrorCodes.QueryIsTooLarge, $"Max query size exceeded: {options.StatementBytesMax} bytes (ClickHouseServer:StatementBytesMax)"));
            }

            next = sql.Length;
        }
    }
}
