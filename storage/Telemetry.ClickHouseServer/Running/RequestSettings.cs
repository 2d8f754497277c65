using System.Text;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>Settings, database and role of one request on a connection; in a session they are taken back afterwards.</summary>
internal static class RequestSettings
{
    /// <returns>Statements that restore what the session had; empty outside of one.</returns>
    /// <exception cref="ClickHouseException">The engine refuses one: unknown, or not such a value.</exception>
    public static async Task<IReadOnlyList<string>> ApplyAsync(EngineSession engine, ClientRequest request)
    {
        var session = request.SessionId is not null;
        var settings = request.Settings.ToList();
        if (request.ReadOnly && !session && !settings.Exists(s => s.Key == "readonly" && s.Value != "0"))
        {
            settings.RemoveAll(s => s.Key == "readonly");
            settings.Add(new("readonly", "2"));
        }

        List<string> restore = [];
        if (session)
        {
            await RememberAsync(engine, request, settings, restore);
        }

        if (request.Database.Length > 0 && (session || request.Database != "default"))
        {
            await engine.RunAsync($"USE {Identifier(request.Database)}");
        }

        if (request.Role is { Length: > 0 } role)
        {
            await engine.RunAsync($"SET ROLE {Identifier(role)}");
        }

        if (settings.Count > 0)
        {
            await engine.RunAsync(Set(settings));
        }

        return restore;
    }

    private static async Task RememberAsync(
        EngineSession engine, ClientRequest request, List<KeyValuePair<string, string>> settings, List<string> restore)
    {
        if (request.Database.Length > 0)
        {
            var database = await engine.RunAsync("SELECT currentDatabase() FORMAT RawBLOB");
            restore.Add($"USE {Identifier(Encoding.UTF8.GetString(database.Body))}");
        }

        foreach (var name in settings.Select(s => s.Key).Distinct())
        {
            var old = await engine.RunAsync($"SELECT value FROM system.settings WHERE name = {ProcessTable.Literal(name)} AND changed FORMAT RawBLOB");
            restore.Add(old.ResultRows == 0
                ? $"SET {Name(name)} = DEFAULT"
                : $"SET {Name(name)} = {ProcessTable.Literal(Encoding.UTF8.GetString(old.Body))}");
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
