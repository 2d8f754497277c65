using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry alarms list|ack|...</c>: looks at alarms through the API and does something about them.</summary>
internal static class AlarmsCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Adds the subcommands to the command of the role.</summary>
    public static Command AddTo(Command role)
    {
        role.Subcommands.Add(List());
        role.Subcommands.Add(Act("ack", "acknowledge", "Acknowledges alarms."));
        role.Subcommands.Add(Act("shelve", "shelve", "Shelves alarms: sets them aside for a time."));
        role.Subcommands.Add(Act("unshelve", "unshelve", "Ends the shelving of alarms."));
        role.Subcommands.Add(Act("comment", "comment", "Adds a comment to alarms."));
        role.Subcommands.Add(Act("out-of-service", "out-of-service", "Takes alarms out of service, until return-to-service."));
        role.Subcommands.Add(Act("return-to-service", "return-to-service", "Returns alarms to service."));
        role.Subcommands.Add(History());
        role.Subcommands.Add(Stats());
        role.Subcommands.Add(Rules());
        return role;
    }

    private static Command List()
    {
        var all = new Option<bool>("--all") { Description = "Also those that are normal, shelved, suppressed or out of service." };
        var api = new ApiOption();
        var filters = new Filters(("--device", "device"), ("--source", "source"), ("--status", "status"), ("--priority", "priority"), ("--limit", "limit"));
        var command = new Command("list", "Lists alarms with their states, those that need attention first.") { all };
        filters.AddTo(command);
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var query = filters.Query(result) + (result.GetValue(all) ? "&standing=false" : "");
            var answer = await api.GetAsync(result, "api/v1/alarms?" + query, cancellationToken);
            await PrintAsync(result, answer.GetProperty("alarms"), ["id", "status", "priority", "device", "sensor", "source", "raised", "occurrences", "text"]);
            return 0;
        });
        return command;
    }

    private static Command Act(string name, string action, string description)
    {
        var ids = new Argument<string[]>("id") { Description = "Ids of alarms, as list shows them.", Arity = ArgumentArity.OneOrMore };
        var comment = new Option<string?>("--comment") { Description = "A comment." };
        var by = new Option<string>("--by") { Description = "Who does it (default: the user of this machine).", DefaultValueFactory = _ => Environment.UserName };
        var time = new Option<string?>("--for") { Description = "For how long, for example 30m." };
        var until = new Option<string?>("--until") { Description = "Until when, for example 2026-12-01T06:00:00Z." };
        var api = new ApiOption();
        var command = new Command(name, description) { ids, comment, by };
        if (action == "shelve")
        {
            command.Options.Add(time);
            command.Options.Add(until);
        }

        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var body = new Dictionary<string, string?> { ["by"] = result.GetValue(by) };
            Add(body, "comment", result.GetValue(comment));
            if (action == "shelve")
            {
                Add(body, "for", result.GetValue(time));
                Add(body, "until", result.GetValue(until));
            }

            foreach (var id in result.GetValue(ids)!)
            {
                using var content = Json(JsonSerializer.SerializeToUtf8Bytes(body));
                var answer = await api.SendAsync(result, HttpMethod.Post, $"api/v1/alarms/{Uri.EscapeDataString(id)}/{action}", content, cancellationToken);
                var status = answer.TryGetProperty("change", out var change) ? change.GetProperty("alarm").GetProperty("status").GetString() : "not decided yet";
                await result.InvocationConfiguration.Output.WriteLineAsync($"{id}  {status}");
            }

            return 0;
        });
        return command;
    }

    private static Command History()
    {
        var api = new ApiOption();
        var filters = new Filters(
            ("--device", "device"), ("--id", "id"), ("--source", "source"), ("--transition", "transition"), ("--from", "from"), ("--to", "to"), ("--limit", "limit"));
        var command = new Command("history", "Changes of alarms, newest first (default: of the last 24 hours).");
        filters.AddTo(command);
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var answer = await api.GetAsync(result, "api/v1/alarms/history?" + filters.Query(result), cancellationToken);
            await PrintAsync(result, answer.GetProperty("changes"), ["time", "id", "transition", "status", "priority", "device", "sensor", "source", "by", "comment", "text"]);
            return 0;
        });
        return command;
    }

    private static Command Stats()
    {
        var api = new ApiOption();
        var filters = new Filters(("--device", "device"), ("--from", "from"), ("--to", "to"));
        var command = new Command("stats", "Figures of the alarm system by EEMUA 191 (default: of the last 24 hours).");
        filters.AddTo(command);
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var answer = await api.GetAsync(result, "api/v1/alarms/stats?" + filters.Query(result), cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(answer, Readable));
            return 0;
        });
        return command;
    }

    private static Command Rules()
    {
        var rules = new Command("rules", "The rules that make alarms.");
        var file = new Argument<FileInfo>("file") { Description = "Rules document, JSON." };
        var check = new Command("check", "Checks a rules document; code 1 when it cannot be used. Nothing needs to run.") { file };
        check.SetAction(async (result, cancellationToken) => await CheckAsync(result, result.GetValue(file)!, cancellationToken) is null ? ExitCodes.Failure : 0);
        rules.Subcommands.Add(check);

        var getApi = new ApiOption();
        var get = new Command("get", "The rules in force, with their version.");
        getApi.AddTo(get);
        get.SetAction(async (result, cancellationToken) =>
        {
            var answer = await getApi.GetAsync(result, "api/v1/alarms/rules", cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(answer, Readable));
            return 0;
        });
        rules.Subcommands.Add(get);

        var putApi = new ApiOption();
        var putFile = new Argument<FileInfo>("file") { Description = "Rules document, JSON." };
        var by = new Option<string>("--by") { Description = "Who does it (default: the user of this machine).", DefaultValueFactory = _ => Environment.UserName };
        var comment = new Option<string>("--comment") { Description = "Why.", DefaultValueFactory = _ => "" };
        var put = new Command("put", "Puts a rules document in force.") { putFile, by, comment };
        putApi.AddTo(put);
        put.SetAction(async (result, cancellationToken) =>
        {
            if (await CheckAsync(result, result.GetValue(putFile)!, cancellationToken) is not { } document)
            {
                return ExitCodes.Failure;
            }

            using var content = Json(document);
            var answer = await putApi.SendAsync(
                result,
                HttpMethod.Put,
                $"api/v1/alarms/rules?by={Uri.EscapeDataString(result.GetValue(by)!)}&comment={Uri.EscapeDataString(result.GetValue(comment)!)}",
                content,
                cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync($"version {answer.GetProperty("version")} is in force");
            return 0;
        });
        rules.Subcommands.Add(put);
        return rules;
    }

    private static async Task<byte[]?> CheckAsync(ParseResult result, FileInfo file, CancellationToken cancellationToken)
    {
        var document = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
        var rules = AlarmRulesReader.Read(document, out var errors);
        foreach (var error in errors)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync($"{file.Name}: {error}");
        }

        if (rules is null)
        {
            return null;
        }

        await result.InvocationConfiguration.Output.WriteLineAsync($"{file.Name}: {rules.Rules.Count} rules over readings, {rules.Incidents.Count} over incidents, ok");
        return document;
    }

    private static ByteArrayContent Json(byte[] body) =>
        new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static void Add(Dictionary<string, string?> body, string name, string? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static Task PrintAsync(ParseResult result, JsonElement rows, string[] columns) => new TextTable(columns).WriteAsync(
        result.InvocationConfiguration.Output,
        rows.EnumerateArray().Select(row => columns.Select(c => row.GetProperty(c) is { ValueKind: not JsonValueKind.Null } cell ? cell.ToString() : "").ToArray()));

    /// <summary>Flags that are parameters of the API.</summary>
    private sealed class Filters(params (string Flag, string Parameter)[] filters)
    {
        private static readonly Dictionary<string, string> Meanings = new()
        {
            ["device"] = "Only alarms of this device.",
            ["source"] = "Only alarms of this source: the name of a rule, or incident.KIND.",
            ["status"] = "Only alarms in this state, for example unacknowledged-active.",
            ["priority"] = "Only alarms of this priority: low, medium, high or critical.",
            ["id"] = "Only changes of this alarm.",
            ["transition"] = "Only changes of this kind, for example raised or acknowledged.",
            ["from"] = "Start, for example now-7d or 2026-11-21T08:00:00Z (default: now-24h).",
            ["to"] = "End, exclusive, in the same form (default: now).",
            ["limit"] = "At most this many rows.",
        };

        private readonly (Option<string?> Option, string Parameter)[] _options =
            [.. filters.Select(f => (new Option<string?>(f.Flag) { Description = Meanings[f.Parameter] }, f.Parameter))];

        public void AddTo(Command command)
        {
            foreach (var (option, _) in _options)
            {
                command.Options.Add(option);
            }
        }

        public string Query(ParseResult result)
        {
            var query = new StringBuilder();
            foreach (var (option, parameter) in _options)
            {
                if (result.GetValue(option) is { } value)
                {
                    query.Append(query.Length == 0 ? "" : "&").Append(parameter).Append('=').Append(Uri.EscapeDataString(value));
                }
            }

            return query.ToString();
        }
    }
}
