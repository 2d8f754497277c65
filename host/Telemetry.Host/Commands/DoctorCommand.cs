using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;

namespace Telemetry.Host.Commands;

/// <summary>Checks what the platform needs and says how to fix what is missing.</summary>
internal static class DoctorCommand
{
    private const int FilesForFleet = 12_000;

    public static Command Create()
    {
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        shared.Map("--http-port", "Http:Port", "Port to check for HTTP.");
        shared.Map("--mqtt-port", "Edge:Listeners:0:Port", "Port to check for MQTT.");
        var command = new Command("doctor", "Checks engine or server, log, data directory, ports, file limits, memory and disk.");
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var output = result.InvocationConfiguration.Output;
            var problems = 0;
            foreach (var check in await CheckAsync(options, cancellationToken))
            {
                await output.WriteLineAsync($"{(check.Ok ? "ok  " : "FAIL")} {check.Name}: {check.Finding}");
                problems += check.Ok ? 0 : 1;
            }

            await output.WriteLineAsync(problems switch { 0 => "No problems found.", 1 => "1 problem to fix.", _ => $"{problems} problems to fix." });
            return problems == 0 ? 0 : 1;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Check>> CheckAsync(TelemetryOptions options, CancellationToken cancellationToken) =>
    [
        DataDirectoryCheck(options),
        DiskCheck(options),
        LibraryCheck(options),
        await LogCheckAsync(options, cancellationToken),
        .. options.Forwards ? [await ForwardCheckAsync(options)] : Array.Empty<Check>(),
        await StoreCheckAsync(options, cancellationToken),
        .. Preflight.Ports(options, Roles.All).Select(PortCheck),
        FilesCheck(),
        MemoryCheck(),
        ConsoleCheck(options),
    ];

    private static Check DataDirectoryCheck(TelemetryOptions options)
    {
        try
        {
            new DataDirectory(options.Data).Create();
            var probe = Path.Combine(options.Data, ".doctor");
            File.WriteAllBytes(probe, [0]);
            File.Delete(probe);
            return new Check(true, "data directory", options.Data + " is writable");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Check(false, "data directory", e.Message);
        }
    }

    private static Check DiskCheck(TelemetryOptions options)
    {
        var free = new DriveInfo(options.Data).AvailableFreeSpace;
        var needed = options.Schema.FreeDiskBytesMin * 2;
        return new Check(
            free > needed, "disk",
            string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:F1} GB free, {needed / 1e9:F1} GB or more wanted (inserts stop below Schema:FreeDiskBytesMin)"));
    }

    /// <summary>Without Kafka nothing needs the library, so its absence is told and is no fault.</summary>
    private static Check LibraryCheck(TelemetryOptions options)
    {
        try
        {
            var library = KafkaLibrary.Load();
            return new Check(true, "Kafka client library", $"librdkafka {library.Version}, {library.File ?? "file not known on this system"}");
        }
        catch (RecordLogException e)
        {
            return new Check(!options.IsKafka, "Kafka client library", options.IsKafka ? e.Message : $"not usable, and not needed without --kafka. {e.Message}");
        }
    }

    private static async Task<Check> LogCheckAsync(TelemetryOptions options, CancellationToken cancellationToken)
    {
        if (!options.IsKafka)
        {
            return new Check(true, "log", "embedded journal");
        }

        try
        {
            await KafkaGroups.QueryActiveAsync(options.Kafka, [options.Sink.Group], cancellationToken);
            return new Check(true, "log", RecordLogs.Describe(options) + " answers");
        }
        catch (RecordLogException e)
        {
            return new Check(false, "log", $"{e.Message} Is Kafka:BootstrapServers ({options.Kafka.BootstrapServers}) right, and are security settings those of the cluster?");
        }
    }

    /// <summary>What waits on this machine's disk for the log.</summary>
    private static async Task<Check> ForwardCheckAsync(TelemetryOptions options)
    {
        const string name = "store and forward";
        try
        {
            var status = await Forwarding.LookAsync(options, NullLoggerFactory.Instance);
            return new Check(
                status.DiskBytes < status.DiskBytesMax, name,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{status.Records} records ({status.Bytes / 1e6:F1} MB) wait, the oldest for {status.Age.TotalSeconds:F0} s; {status.DiskBytes / 1e6:F1} of {status.DiskBytesMax / 1e6:F1} MB used"));
        }
        catch (RecordLogException e) when (e.Error == RecordLogError.Locked)
        {
            return new Check(true, name, "in use by a running process: its /metrics has telemetry_forward_backlog_records, _bytes and _age");
        }
        catch (RecordLogException e)
        {
            return new Check(false, name, e.Message);
        }
    }

    /// <summary>The engine is tried on a folder of its own: that of the data may be in use.</summary>
    private static async Task<Check> StoreCheckAsync(TelemetryOptions options, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), "telemetry-doctor-" + Guid.NewGuid().ToString("N"));
        try
        {
            await using var store = await Stores.OpenAsync(
                options with { ClickHouse = options.ClickHouse with { DataDirectory = folder } }, NullLoggerFactory.Instance, cancellationToken);
            var answer = await store.QueryAsync(new ClickHouseQuery("SELECT version()", Format: "TabSeparated"), cancellationToken);
            var version = System.Text.Encoding.UTF8.GetString(answer.Body.Span).Trim();
            return new Check(true, "ClickHouse", options.ClickHouse.Endpoint is { } endpoint ? $"{version} at {endpoint}" : $"embedded engine {version}");
        }
        catch (Exception e) when (e is ClickHouseException or IOException)
        {
            return new Check(false, "ClickHouse", e.Message);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static Check PortCheck(ListenedPort port) => port.Try() is { } error
        ? new Check(false, port.What + " port", port.Explain(error))
        : new Check(true, port.What + " port", port.Port == 0 ? "a free one will be taken" : $"{port.Port} is free");

    private static Check FilesCheck()
    {
        const string limits = "/proc/self/limits";
        if (!File.Exists(limits))
        {
            return new Check(true, "open files", "not known on this system");
        }

        var line = File.ReadLines(limits).First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        var enough = soft == "unlimited" || long.Parse(soft, CultureInfo.InvariantCulture) >= FilesForFleet;
        return new Check(enough, "open files", enough ? $"{soft} allowed" : $"{soft} allowed, {FilesForFleet} needed for 10,000 devices: ulimit -n {FilesForFleet}, or fewer devices");
    }

    private static Check MemoryCheck()
    {
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new Check(bytes > 3L << 30, "memory", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB, 3 GB or more wanted"));
    }

    private static Check ConsoleCheck(TelemetryOptions options) =>
        options.Query.ConsoleFolder is { } folder
            ? new Check(true, "console", "built in " + folder)
            : new Check(false, "console", "not built: run ./telemetry setup");

    private sealed record Check(bool Ok, string Name, string Finding);
}
