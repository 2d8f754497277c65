using System.Text;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Engine;

/// <summary>What the engine says about itself, asked once.</summary>
internal sealed class EngineFacts
{
    private const string Plain = "text/plain; charset=UTF-8";

    private readonly Dictionary<string, (string Name, string ContentType)> _formats;

    private EngineFacts(string version, string timeZone, string displayName, Dictionary<string, (string Name, string ContentType)> formats)
    {
        Version = version;
        TimeZone = timeZone;
        DisplayName = displayName;
        _formats = formats;
    }

    public string Version { get; }

    public string TimeZone { get; }

    public string DisplayName { get; }

    public static async Task<EngineFacts> AskAsync(EmbeddedClickHouse engine, CancellationToken cancellationToken)
    {
        var about = await RowsAsync(engine, "SELECT version(), timezone(), displayName()", cancellationToken);
        var formats = await RowsAsync(engine, "SELECT name, content_type FROM system.formats WHERE is_output", cancellationToken);
        return new EngineFacts(
            about[0][0],
            about[0][1],
            about[0][2],
            formats.ToDictionary(f => f[0], f => (f[0], f[1]), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The format as ClickHouse spells it, and its media type.</summary>
    public (string Name, string ContentType) Format(string name) =>
        _formats.TryGetValue(name, out var format) && format.ContentType.Length > 0 ? format : (name, Plain);

    private static async Task<string[][]> RowsAsync(EmbeddedClickHouse engine, string sql, CancellationToken cancellationToken)
    {
        var result = await engine.QueryAsync(new ClickHouseQuery(sql, Format: "TabSeparated"), cancellationToken);
        return [.. Encoding.UTF8.GetString(result.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))];
    }
}
