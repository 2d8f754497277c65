using System.CommandLine;
using Telemetry.Bridge.Ingest;
using Telemetry.Edge;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;

namespace Telemetry.Host.Commands;

/// <summary>Users of both doors, HTTP and MQTT: the file that names them, and what they may do.</summary>
internal static class UsersCommand
{
    private const int No = 1;

    public static Command Create() => new("users", "Users of HTTP and MQTT: add, remove, list, give a role, check what one may do, and API tokens.")
    {
        CreateAdd(), CreateRole(), CreateRemove(), CreateList(), CreateCheck(), UserTokensCommand.Create(),
    };

    private static Command CreateAdd()
    {
        var shared = Shared();
        var name = new Argument<string>("name") { Description = "User name. A device that publishes readings has its device id as its name." };
        var scheme = new Option<PasswordScheme>("--scheme")
        {
            Description = "What is kept of the password: Argon2id (default), Scram (for MQTT 5 clients that authenticate by SCRAM-SHA-256) or Pbkdf2.",
        };
        var from = new Option<string?>("--password-file")
        {
            Description = "File whose first line is the password; - for standard input. Without it you are asked. A password is never a flag: others could read it.",
        };
        var access = new AccessFlags();
        var command = new Command(
            "add",
            "Adds a user, or gives one a new password. Without --role it is a user of MQTT; with it, of the API and the console, and with --mqtt of both. Running processes take it over by themselves.")
        {
            name, scheme, from,
        };
        access.AddTo(command, isRoleNeeded: false);
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            var file = FileOf(options);
            var user = result.GetValue(name)!;
            UsersFile.CheckName(user);
            var given = access.Read(result);
            if (given is { Certificate: true } && result.GetValue(from) is null)
            {
                GiveRole(options, file, user, given);
                result.InvocationConfiguration.Output.WriteLine($"'{user}' in {file}: {given}. It proves who it is by its client certificate.");
                return 0;
            }

            var password = PasswordSource.Read(result.GetValue(from), user);
            var hash = result.GetValue(scheme) switch
            {
                PasswordScheme.Scram => PasswordHash.CreateScram(password),
                PasswordScheme.Pbkdf2 => PasswordHash.Create(password),
                _ => PasswordHash.CreateArgon2id(password),
            };
            var isNew = !UsersFile.HasPassword(file, user);
            if (given is not null)
            {
                // Before the password: with that alone the user would be one of MQTT for a moment.
                GiveRole(options, file, user, given);
            }

            UsersFile.Set(file, user, hash);
            Audit(options, isNew ? "added" : "given a new password", user, file);
            result.InvocationConfiguration.Output.WriteLine(
                $"{(isNew ? "Added" : "Changed the password of")} '{user}' in {file}{(UsersFile.Access(file).GetValueOrDefault(user) is { } now ? $": {now}" : "")}.");
            return 0;
        });
        return command;
    }

    private static Command CreateRole()
    {
        var shared = Shared();
        var name = new Argument<string>("name") { Description = "User name." };
        var access = new AccessFlags();
        var command = new Command("role", "Changes the role, the devices or the protocols of a user; the password stays.") { name };
        access.AddTo(command, isRoleNeeded: true);
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            var file = FileOf(options);
            var user = result.GetValue(name)!;
            if (!UsersFile.Names(file).Contains(user))
            {
                result.InvocationConfiguration.Output.WriteLine($"There is no '{user}' in {file}. Add it: telemetry users add {user} --role ROLE");
                return No;
            }

            var given = access.Read(result)!;
            GiveRole(options, file, user, given);
            result.InvocationConfiguration.Output.WriteLine($"'{user}' in {file}: {given}.");
            return 0;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var shared = Shared();
        var name = new Argument<string>("name") { Description = "User name." };
        var command = new Command("remove", "Removes a user. Running processes disconnect it and end its sessions and API tokens.") { name };
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            var file = FileOf(options);
            var removed = UsersFile.Remove(file, result.GetValue(name)!);
            if (removed)
            {
                Audit(options, "removed", result.GetValue(name)!, file);
            }

            result.InvocationConfiguration.Output.WriteLine(
                removed ? $"Removed '{result.GetValue(name)}' from {file}." : $"There is no '{result.GetValue(name)}' in {file}.");
            return removed ? 0 : No;
        });
        return command;
    }

    private static Command CreateList()
    {
        var shared = Shared();
        var command = new Command("list", "Names of all users, from the settings and from the file, with their roles.");
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var edge = shared.Load(result).Edge;
            var access = edge.UsersFile is { Length: > 0 } file ? UsersFile.Access(file) : new Dictionary<string, UserAccess>();
            foreach (var name in NamesOf(edge))
            {
                result.InvocationConfiguration.Output.WriteLine(access.GetValueOrDefault(name) is { } role ? $"{name} {role.ToString().TrimStart('@')}" : name);
            }

            return 0;
        });
        return command;
    }

    private static Command CreateCheck()
    {
        var shared = Shared();
        shared.Map("--rules-file", "Edge:RulesFile", "File of access rules.");
        var name = new Argument<string>("name") { Description = "User name; - for a client without one." };
        var action = new Argument<AccessAction>("action") { Description = "Publish or Subscribe." };
        var topic = new Argument<string>("topic") { Description = "Topic name, or filter to subscribe to." };
        var client = new Option<string?>("--client") { Description = "Client identifier (default: the user name)." };
        var certificate = new Option<string?>("--certificate") { Description = "Name in its certificate (default: none)." };
        var command = new Command("check", "Says whether a user may publish or subscribe to a topic, and which rule says so. Ends with code 1 when not.")
        {
            name, action, topic, client, certificate,
        };
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            var user = result.GetValue(name) is { } given && given != "-" ? given : null;
            var identity = new MqttClientIdentity(
                result.GetValue(client) ?? user ?? "", user, result.GetValue(certificate));
            var answer = Judge(options, identity, result.GetValue(action), result.GetValue(topic)!);
            result.InvocationConfiguration.Output.WriteLine($"{(answer.Allowed ? "yes" : "no")}: {answer.Why}");
            return answer.Allowed ? 0 : No;
        });
        return command;
    }

    private static AccessAnswer Judge(TelemetryOptions options, MqttClientIdentity client, AccessAction action, string topic)
    {
        if (client.UserName is { } named && options.Edge.UsersFile is { Length: > 0 } file && UsersFile.Access(file).GetValueOrDefault(named) is { Mqtt: false })
        {
            return new AccessAnswer(false, false, $"'{named}' is a user of HTTP only; give it --mqtt");
        }

        if (client.UserName is { } user && !NamesOf(options.Edge).Contains(user))
        {
            return new AccessAnswer(false, false, $"there is no user '{user}'");
        }

        var answer = AccessCheck.Explain(options.Edge, client, action == AccessAction.Publish, topic);
        return answer.Allowed && action == AccessAction.Publish
            && IngestIdentity.Problem(options.Bridge, topic, client.UserName, client.CertificateName, answer.SpeaksForOthers) is { } problem
            ? answer with { Allowed = false, Why = problem }
            : answer;
    }

    private static IEnumerable<string> NamesOf(EdgeOptions options) => options.Users.Select(u => u.Name)
        .Concat(options.UsersFile is { Length: > 0 } file ? UsersFile.Names(file) : [])
        .Distinct(StringComparer.Ordinal);

    private static void GiveRole(TelemetryOptions options, string file, string user, UserAccess access)
    {
        UsersFile.SetAccess(file, user, access);
        Audit(options, $"given {access}", user, file);
    }

    private static void Audit(TelemetryOptions options, string act, string user, string file)
    {
        using var logging = AuditLogging(options);
        HostLog.UserChanged(logging.CreateLogger(LoggingSetup.AuditCategory), act, user, Path.GetFullPath(file), Environment.UserName);
    }

    /// <summary>The audit log as a command writes it: under a data directory only when there is one.</summary>
    internal static HostLogging AuditLogging(TelemetryOptions options)
    {
        var data = new DataDirectory(options.Data);
        return LoggingSetup.Create(
            options.Logging.AuditFile == data.Audit && !Directory.Exists(data.Root) ? options.Logging with { AuditFile = "" } : options.Logging, console: false);
    }

    private static string FileOf(TelemetryOptions options) => options.Edge.UsersFile is { Length: > 0 } file
        ? file
        : throw new ConfigurationException([new ConfigurationError(
            "Edge:UsersFile", null, "name the file of users: --users-file FILE, or Edge:UsersFile in the settings.", "defaults")]);

    internal static SharedOptions Shared()
    {
        var shared = new SharedOptions();
        shared.Map("--users-file", "Edge:UsersFile", "File of users; created if it does not exist.");
        return shared;
    }

    private enum PasswordScheme
    {
        Argon2id,
        Scram,
        Pbkdf2,
    }

    private enum AccessAction
    {
        Publish,
        Subscribe,
    }
}
