using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>Settings and database of one request on a connection.</summary>
internal static class RequestSettings
{
    /// <exception cref="ClickHouseException">The engine refuses one: unknown, or not such a value.</exception>
    public static async Task ApplyAsync(EngineSession engine, ClientRequest request)
    {
        var settings = request.Settings.ToList();
        if (request.ReadOnly && !settings.Exists(s => s.Key == "readonly" && s.Value != "0"))
        {
            settings.RemoveAll(s => s.Key == "readonly");
            settings.Add(new("readonly", "2"));
        }

        if (request.Database is not ("" or "default"))
        {
            await engine.RunAsync($"USE {Identifier(request.Database)}");
        }

        if (settings.Count > 0)
        {
            await engine.RunAsync(Set(settings));
        }
    }

    private static string Set(List<KeyValuePair<string, string>> settings) =>
        "SET " + string.Join(", ", settings.Select(s => $"{Name(s.Key)} = {ProcessTable.Literal(s.Value)}"));

    private static string Name(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsAsciiDigit(name[0])
        ? name
        : throw new ClickHouseException(ErrorCodes.UnknownSetting, ErrorCodes.Text(ErrorCodes.UnknownSetting, $"Setting {name} is neither a builtin setting nor started with the prefix 'custom_' registered for user-defined settings"));

    private static string Identifier(string name) =>
        "`" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal) + "`";
}
