using System.CommandLine;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sizes;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry store size|plan</c>: what the store takes on disk, and what that of a site will.</summary>
internal static class StoreCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Adds the subcommands to the command of the role.</summary>
    public static Command AddTo(Command role)
    {
        role.Subcommands.Add(Size());
        role.Subcommands.Add(Plan());
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
            "size", "Size of the store on disk: bytes, rows, parts and files by table and column, bytes per reading, and replaced parts that are still there. Works while the platform runs over --data.")
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

    private static Command Plan()
    {
        var shared = new SharedOptions();
        shared.Map("--raw-retention", "Schema:RawRetention", "How long raw readings are kept, for example 730d (default: the setting).");
        shared.Map("--minute-retention", "Schema:MinuteRetention", "How long minutes are kept, for example 90d (default: the setting).");
        var devices = new Option<long>("--devices") { Description = "Devices.", Required = true };
        var sensors = new Option<long>("--sensors") { Description = "Sensors of a device.", Required = true };
        var interval = new Option<string>("--interval") { Description = "Time between two readings of a sensor, for example 30s.", Required = true };
        var kind = new Option<string>("--kind") { Description = "What the readings are like: regular, jitter (default), bursts or states; docs/storage.md says what that is.", DefaultValueFactory = _ => "jitter" };
        kind.AcceptOnlyFromAmong([.. DataKinds.Names.Keys]);
        var span = new Option<string>("--for") { Description = "Time that is planned for (default 730d).", DefaultValueFactory = _ => "730d" };
        var disk = new Option<string?>("--disk") { Description = "A disk, for example 250GB: how many days fit." };
        var json = new Option<bool>("--json") { Description = "One JSON object on standard output." };
        var command = new Command("plan", "Estimates the size of a site's store: bytes by table from measured bytes per reading, bytes written to disk per day, and how many days fit on a disk.")
        {
            devices, sensors, interval, kind, span, disk, json,
        };
        shared.AddTo(command);
        command.SetAction(async (result, _) =>
        {
            var schema = shared.Load(result).Schema;
            var site = new SitePlan(
                result.GetValue(devices), result.GetValue(sensors), DurationText.Parse(result.GetValue(interval)!), DataKinds.Names[result.GetValue(kind)!], DurationText.Parse(result.GetValue(span)!),
                schema.RawRetention, schema.MinuteRetention);
            if (site.Devices < 1 || site.Sensors < 1 || site.Interval <= TimeSpan.Zero || site.Span <= TimeSpan.Zero)
            {
                throw new FormatException("--devices and --sensors are 1 or more, --interval and --for more than zero.");
            }

            var plan = site.Work(result.GetValue(disk) is { } text ? ByteText.Parse(text) : null);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(plan, Json));
                return 0;
            }

            await StorePlanView.WriteAsync(output, plan);
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
