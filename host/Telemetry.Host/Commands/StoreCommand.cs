using System.CommandLine;
using System.Text.Json;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sizes;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry store size</c>: what the store takes on disk.</summary>
internal static class StoreCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Adds the subcommands to the command of the role.</summary>
    public static Command AddTo(Command role)
    {
        role.Subcommands.Add(Size());
        return role;
    }

    private static Command Size()
    {
        var shared = new SharedOptions();
        shared.Map("--clickhouse", "ClickHouse:Endpoint", "ClickHouse's HTTP interface: http://HOST:PORT. Without it the store in --data, or the instance that runs over it.");
        var json = new Option<bool>("--json") { Description = "One JSON object on standard output." };
        var columns = new Option<bool>("--columns") { Description = "The columns of every table (default: those of readings)." };
        var token = new TokenOption();
        var command = new Command(
            "size", "What the store takes on disk: bytes, rows, parts and files by table and column, bytes a reading, and replaced parts that are still there. Also while the platform runs over --data.")
        {
            json, columns,
        };
        token.AddTo(command);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            using var instance = options.ClickHouse.Endpoint is null ? RunningInstance.Find(options, token, result) : null;
            var size = instance is null
                ? await ReadAsync(options, cancellationToken)
                : await instance.GetAsync<StoreSize>("store/size", cancellationToken);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(size, Json));
                return 0;
            }

            await new StoreSizeView(output).WriteAsync(size, result.GetValue(columns));
            return 0;
        });
        return command;
    }

    /// <exception cref="IOException">There is no store.</exception>
    private static async Task<StoreSize> ReadAsync(TelemetryOptions options, CancellationToken cancellationToken)
    {
        if (options.ClickHouse.Endpoint is null && !Directory.Exists(options.ClickHouse.DataDirectory))
        {
            throw new IOException($"There is no store in {options.ClickHouse.DataDirectory}: give the --data DIR of ./telemetry up, or --clickhouse http://HOST:PORT.");
        }

        using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Error }, console: true);
        await using var clickHouse = await Stores.OpenAsync(options, logging, cancellationToken);
        return await StoreSizeReader.ReadAsync(clickHouse, TimeProvider.System, QueryKind.Reader, cancellationToken);
    }
}
