using System.CommandLine;
using Telemetry.Host.Shell;

namespace Telemetry.Host.Commands;

/// <summary>Every command there is, by what it is for: the one list behind help, completion and docs/commands.md.</summary>
internal static class CommandTree
{
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Telemetry: devices publish over MQTT, every acknowledged reading is stored once, every series is watched.");
        var groups = Groups(root);
        foreach (var command in groups.SelectMany(g => g.Commands))
        {
            root.Subcommands.Add(command);
        }

        GroupedHelp.Install(root, groups);
        return root;
    }

    public static IReadOnlyList<CommandGroup> Groups(RootCommand root)
    {
        var roles = RoleCommand.CreateAll().ToDictionary(c => c.Name);
        return
        [
            new("Run the platform, or one role of it",
            [
                UpCommand.Create(), roles["edge"], roles["process"], roles["alarms"], roles["store"], roles["query"], roles["gateway"], roles["bridge"],
                ClickHouseCommand.Create(), SimulateCommand.Create(),
            ]),
            new("Look at data, send data",
            [
                DevicesCommand.Create(), SeriesCommand.Create(), TailCommand.Create(), PublishCommand.Create(), DeviceCommandCommand.Create(), CatalogueCommand.Create(), SqlCommand.Create(),
            ]),
            new("Detection",
            [
                DetectorsCommand.Create(), BacktestCommand.Create(), ScoreCommand.Create(),
            ]),
            new("Operate",
            [
                UsersCommand.Create(), DoctorCommand.Create(), LagCommand.Create(), AuditCommand.Create(), ReplayCommand.Create(), BackupCommand.Create(), RestoreCommand.Create(), DeadLettersCommand.Create(),
                TopicsCommand.Create(), SchemasCommand.Create(), HealthCheckCommand.Create(),
            ]),
            new("About the program",
            [
                SettingsCommand.Create(), CommandsCommand.Create(root), CompletionCommand.Create(root), VersionCommand.Create(),
            ]),
        ];
    }
}
