using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>Says where the instance that runs over a data directory can be reached. Gone after an orderly end.</summary>
internal static class InstanceFile
{
    public static void Write(TelemetryOptions options, Platform platform) => Write(new DataDirectory(options.Data).Instance, new
    {
        pid = Environment.ProcessId,
        http = platform.Http?.ToString(),
        mqtt = platform.Mqtt?.ToString(),
        clickhouse = platform.ClickHouseHttp?.ToString(),
    });

    /// <summary>The process that only serves ClickHouse's HTTP interface, with metrics and health on the same port.</summary>
    public static void WriteClickHouse(TelemetryOptions options, IPEndPoint address) => Write(
        new DataDirectory(options.Data).ClickHouseInstance,
        new { pid = Environment.ProcessId, http = address.ToString(), clickhouse = address.ToString() });

    public static void DeleteClickHouse(TelemetryOptions options) => File.Delete(new DataDirectory(options.Data).ClickHouseInstance);

    /// <summary>
    /// True: an instance runs over this data directory. One that was killed has left its file, and does not run: nobody holds its journal any more (over a
    /// cluster there is none), and its process is gone. A process that began after the file was written only has the same id.
    /// </summary>
    public static bool IsRunning(TelemetryOptions options)
    {
        var path = new DataDirectory(options.Data).Instance;
        if (!File.Exists(path) || (!options.IsKafka && JournalLock.FindHeld(options.Journal.Directory) is null))
        {
            return false;
        }

        using var instance = JsonDocument.Parse(File.ReadAllBytes(path));
        try
        {
            using var process = Process.GetProcessById(instance.RootElement.GetProperty("pid").GetInt32());
            return !process.HasExited && process.StartTime.ToUniversalTime() <= File.GetLastWriteTimeUtc(path);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Where the API of the running instance is.</summary>
    /// <exception cref="IOException">No instance runs over this data directory.</exception>
    public static Uri FindApi(TelemetryOptions options) => Find(options, "http", "API", "--api http://HOST:PORT/") is var http && Uri.TryCreate($"http://{http}/", UriKind.Absolute, out var api)
        ? api
        : throw new IOException($"{http} is no address; give --api http://HOST:PORT/.");

    /// <summary>Where the MQTT broker of the running instance is.</summary>
    /// <exception cref="IOException">No instance runs over this data directory.</exception>
    public static (string Host, int Port) FindMqtt(TelemetryOptions options)
    {
        var address = IPEndPoint.Parse(Find(options, "mqtt", "MQTT", "--broker HOST:PORT"));
        return (address.Address.ToString(), address.Port);
    }

    private static string Find(TelemetryOptions options, string member, string what, string flag)
    {
        var path = new DataDirectory(options.Data).Instance;
        if (!File.Exists(path))
        {
            throw new IOException($"Nothing runs over {options.Data}. Start it with telemetry up --data {options.Data}, or give {flag}.");
        }

        using var instance = JsonDocument.Parse(File.ReadAllBytes(path));
        return instance.RootElement.TryGetProperty(member, out var address) && address.GetString() is { } text
            ? text
            : throw new IOException($"The instance over {options.Data} serves no {what}. Give {flag}.");
    }

    public static void Delete(TelemetryOptions options) => File.Delete(new DataDirectory(options.Data).Instance);

    /// <summary>Whole or not at all: other processes read it.</summary>
    private static void Write<T>(string file, T instance)
    {
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(instance));
        File.Move(file + ".new", file, overwrite: true);
    }
}
