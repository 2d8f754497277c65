using System.CommandLine;
using System.Globalization;
using Telemetry.Contracts.Text;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Access;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>API tokens: make one, list them, revoke one. Works on the file; running processes take it over within two seconds.</summary>
internal static class UserTokensCommand
{
    private const int No = 1;

    public static Command Create() => new("token", "API tokens for programs: add, list, revoke.") { CreateAdd(), CreateList(), CreateRevoke() };

    private static Command CreateAdd()
    {
        var shared = Shared();
        var name = new Argument<string>("name") { Description = "Owner: a user of the file (the token ends when that user is removed), or the name of a service." };
        var role = new Option<UserRole>("--role") { Description = "Role of the token: Viewer, Operator, Engineer or Administrator.", Required = true };
        var expires = new Option<string>("--expires") { Description = "After how long it ends (default 90d).", DefaultValueFactory = _ => "90d" };
        var devices = new Option<string?>("--devices") { Description = "Device ids it sees, * for any characters, separated by commas (default: all its owner sees)." };
        var label = new Option<string>("--label") { Description = "What it is for.", DefaultValueFactory = _ => "" };
        var command = new Command("add", "Makes a token and prints it: this is the only time that it is shown. Sent as Authorization: Bearer TOKEN.")
        {
            name, role, expires, devices, label,
        };
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            var owner = result.GetValue(name)!;
            var access = options.Edge.UsersFile is { Length: > 0 } file && File.Exists(file) ? UsersFile.Access(file).GetValueOrDefault(owner) : null;
            if (access is not null && result.GetValue(role) > access.Role)
            {
                throw new FormatException($"'{owner}' is {UserAccess.NameOf(access.Role)}; a token cannot have more than its owner.");
            }

            var lifetime = DurationText.Parse(result.GetValue(expires)!);
            if (lifetime <= TimeSpan.Zero || lifetime > options.Access.TokenLifetimeMax)
            {
                throw new FormatException($"--expires is more than nothing and {options.Access.TokenLifetimeMax.TotalDays:0.#} days at most (Access:TokenLifetimeMax).");
            }

            using var logging = UsersCommand.AuditLogging(options);
            var (token, text) = Open(options, logging).Add(
                owner, access is not null, result.GetValue(role), result.GetValue(devices) is { } list ? UserAccess.ParseDevices(list) : [], result.GetValue(label)!, lifetime);
            new HttpAudit(logging, TimeProvider.System).TokenChanged("made", token, Environment.UserName, remote: null);
            result.InvocationConfiguration.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"Token {token.Id} of '{owner}', {UserAccess.NameOf(token.Role)}, until {token.Expires:yyyy-MM-dd HH:mm} UTC. It is not shown again:"));
            result.InvocationConfiguration.Output.WriteLine(text);
            return 0;
        });
        return command;
    }

    private static Command CreateList()
    {
        var shared = Shared();
        var command = new Command("list", "Lists all tokens: id, owner, role, expiry, label.");
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            using var logging = UsersCommand.AuditLogging(options);
            foreach (var token in Open(options, logging).List())
            {
                result.InvocationConfiguration.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{token.Id} {token.Owner} {UserAccess.NameOf(token.Role)} {token.Expires:yyyy-MM-ddTHH:mm}Z {token.Label}").TrimEnd());
            }

            return 0;
        });
        return command;
    }

    private static Command CreateRevoke()
    {
        var shared = Shared();
        var id = new Argument<string>("id") { Description = "Id of the token, as list shows it." };
        var command = new Command("revoke", "Revokes a token.") { id };
        shared.AddTo(command);
        command.SetAction(result =>
        {
            var options = shared.Load(result);
            using var logging = UsersCommand.AuditLogging(options);
            var tokens = Open(options, logging);
            var token = tokens.List().FirstOrDefault(t => t.Id == result.GetValue(id));
            if (token is null || !tokens.Revoke(token.Id))
            {
                result.InvocationConfiguration.Output.WriteLine($"There is no token '{result.GetValue(id)}' in {tokens.Path}.");
                return No;
            }

            new HttpAudit(logging, TimeProvider.System).TokenChanged("revoked", token, Environment.UserName, remote: null);
            result.InvocationConfiguration.Output.WriteLine($"Revoked {token.Id} of '{token.Owner}'.");
            return 0;
        });
        return command;
    }

    private static ApiTokens Open(TelemetryOptions options, Logging.HostLogging logging) =>
        new(Door.TokensFileOf(options), TimeProvider.System, logging.CreateLogger<ApiTokens>());

    private static SharedOptions Shared()
    {
        var shared = UsersCommand.Shared();
        shared.Map("--tokens-file", "Access:TokensFile", "File of tokens (default: beside the file of users).");
        return shared;
    }
}
