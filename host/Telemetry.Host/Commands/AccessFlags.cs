using System.CommandLine;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Host.Commands;

/// <summary>Flags that say what a user may do over HTTP.</summary>
internal sealed class AccessFlags
{
    private readonly Option<UserRole?> _role = new("--role")
    {
        Description = "Viewer reads; Operator acknowledges and commands too; Engineer puts settings and rules in force and runs backtests too; Administrator sees users, tokens and the audit log too.",
    };

    private readonly Option<bool> _mqtt = new("--mqtt") { Description = "The user may connect over MQTT as well." };

    private readonly Option<bool> _certificate = new("--certificate") { Description = "Whoever shows a client certificate with this name over HTTPS is this user, without a password." };

    private readonly Option<string?> _devices = new("--devices") { Description = "Device ids the user sees, * for any characters, separated by commas: 'press-*,line1.*' (default: all)." };

    public void AddTo(Command command, bool isRoleNeeded)
    {
        _role.Required = isRoleNeeded;
        command.Options.Add(_role);
        command.Options.Add(_mqtt);
        command.Options.Add(_certificate);
        command.Options.Add(_devices);
    }

    /// <summary>What was given; null without a role.</summary>
    /// <exception cref="FormatException">Another flag is given without a role, or patterns cannot be used.</exception>
    public UserAccess? Read(ParseResult result)
    {
        var devices = result.GetValue(_devices);
        if (result.GetValue(_role) is { } role)
        {
            return new UserAccess(role)
            {
                Mqtt = result.GetValue(_mqtt),
                Certificate = result.GetValue(_certificate),
                Devices = devices is null ? [] : UserAccess.ParseDevices(devices),
            };
        }

        return result.GetValue(_mqtt) || result.GetValue(_certificate) || devices is not null
            ? throw new FormatException("--mqtt, --certificate and --devices go with --role: a user without a role is one of MQTT anyway.")
            : null;
    }
}
