using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry sql</c>: one SELECT, through the API of the running platform.</summary>
internal static class SqlCommand
{
    public static Command Create()
    {
        var statement = new Argument<string>("statement") { Description = "A SELECT over the tables of docs/storage.md; - reads it from standard input." };
        var limit = new Option<int>("--limit") { Description = "Most rows (default 1000).", DefaultValueFactory = _ => 1_000 };
        var format = new Option<string>("--format") { Description = "table (default), json, csv, jsonl, parquet or arrow.", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json", "csv", "jsonl", "parquet", "arrow");
        var output = new Option<FileInfo?>("--output") { Description = "File to write (default: standard output)." };
        var api = new ApiOption();
        var command = new Command("sql", "Asks the running platform in SQL, read-only and within limits. Needs an engineer where there are users.") { statement, limit, format, output };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var sql = result.GetValue(statement)!;
            sql = sql == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : sql;
            var kind = result.GetValue(format)!;
            using var content = JsonContent.Create(new { sql });
            await content.LoadIntoBufferAsync(cancellationToken);
            var path = string.Create(CultureInfo.InvariantCulture, $"api/v1/sql?limit={result.GetValue(limit)}&format={(kind == "table" ? "json" : kind)}");
            if (kind == "table" && result.GetValue(output) is null)
            {
                await PrintAsync(result, await api.SendAsync(result, HttpMethod.Post, path, content, cancellationToken));
                return 0;
            }

            await using var target = result.GetValue(output) is { } file ? file.Create() : Console.OpenStandardOutput();
            await api.CopyAsync(result, HttpMethod.Post, path, content, target, cancellationToken);
            return 0;
        });
        return command;
    }

    private static async Task PrintAsync(ParseResult result, JsonElement answer)
    {
        var output = result.InvocationConfiguration.Output;
        await new TextTable([.. answer.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)]).WriteAsync(
            output, answer.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.ToString()).ToArray()));
        if (answer.GetProperty("truncated").GetBoolean())
        {
            await Console.Error.WriteLineAsync("There are more rows: --limit.");
        }
    }
}
