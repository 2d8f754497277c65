using System.Net;
using System.Text.Json;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>Says where the instance that runs over a data directory can be reached. Gone after an orderly end.</summary>
internal static class InstanceFile
{
    public static void Write(TelemetryOptions options, Platform platform) =>
        File.WriteAllText(
            new DataDirectory(options.Data).Instance,
            JsonSerializer.Serialize(new
            {
                pid = Environment.ProcessId,
                http = platform.Http?.ToString(),
                mqtt = platform.Mqtt?.ToString(),
                clickhouse = platform.ClickHouseHttp?.ToString(),
            }));

    /// <summary>The process that only serves ClickHouse's HTTP interface, with metrics and health on the same port.</summary>
    public static void WriteClickHouse(TelemetryOptions options, IPEndPoint address)
    {
        var file = new DataDirectory(options.Data).ClickHouseInstance;
        File.WriteAllText(
            file + ".new",
            JsonSerializer.Serialize(new { pid = Environment.ProcessId, http = address.ToString(), clickhouse = address.ToString() }));
        File.Move(file + ".new", file, overwrite: true);
    }

    public static void DeleteClickHouse(TelemetryOptions options) => File.Delete(new DataDirectory(options.Data).ClickHouseInstance);

    /// <summary>Where the API of the running instance is.</summary>
    /// <exception cref="IOException">No instance runs over this data directory.</exception>
    public static Uri FindApi(TelemetryOptions options)
    {
        var path = new DataDirectory(options.Data).Instance;
        if (!File.Exists(path))
        {
            throw new IOException($"Nothing runs over {options.Data}. Start it with ./telemetry up --data {options.Data}, or give --api http://HOST:PORT/.");
        }

        using var instance = JsonDocument.Parse(File.ReadAllBytes(path));
        return instance.RootElement.GetProperty("http").GetString() is { } http
            ? new Uri($"http://{http}/")
            : throw new IOException($"The instance over {options.Data} serves no API. Give --api http://HOST:PORT/.");
    }

    public static void Delete(TelemetryOptions options) => File.Delete(new DataDirectory(options.Data).Instance);
}
