using System.CommandLine;
using Telemetry.Contracts.Faults;
using Telemetry.Host.Configuration;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>The command line of the executable.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(
            "Telemetry: devices publish over MQTT, every acknowledged reading is stored once, every series is watched.");
        root.Subcommands.Add(UpCommand.Create());
        foreach (var command in RoleCommand.CreateAll())
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(ClickHouseCommand.Create());
        root.Subcommands.Add(SimulateCommand.Create());
        root.Subcommands.Add(DeviceCommandCommand.Create());
        root.Subcommands.Add(DeadLettersCommand.Create());
        root.Subcommands.Add(BacktestCommand.Create());
        root.Subcommands.Add(ScoreCommand.Create());
        root.Subcommands.Add(DetectorsCommand.Create());
        root.Subcommands.Add(ReplayCommand.Create());
        root.Subcommands.Add(AuditCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(SchemasCommand.Create());
        root.Subcommands.Add(UsersCommand.Create());
        root.Subcommands.Add(HealthCheckCommand.Create());
        root.Subcommands.Add(TopicsCommand.Create());
        root.Subcommands.Add(LagCommand.Create());
        root.Subcommands.Add(SettingsCommand.Create());
        root.Subcommands.Add(VersionCommand.Create());
        var parsed = root.Parse(args);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // Signals are ours: stop in good order.
            });
        }
        catch (Exception e) when (Explain(e) is { } explained)
        {
            await Console.Error.WriteLineAsync(explained.Text);
            return explained.Code;
        }
    }

    /// <summary>Errors that have a cause outside this program get a sentence instead of a stack.</summary>
    private static (string Text, int Code)? Explain(Exception exception) => exception switch
    {
        _ when Fault.RemedyOf(exception) != FaultRemedy.Retry => (Fault.Explain(exception), ExitCodes.UsageError),
        RunTimeOverException e => (e.Message, ExitCodes.Failure),
        ConfigurationException e => (e.Message, ExitCodes.UsageError),
        Edge.EdgeConfigurationException e => (e.Message, ExitCodes.UsageError),
        RecordLogException { Error: RecordLogError.Locked } e => (e.Message, ExitCodes.UsageError),
        RecordLogException e => (e.Message, ExitCodes.Failure),
        SchemaException e => (e.Message, ExitCodes.UsageError),
        ClickHouseException e => ($"ClickHouse: {e.Message}", ExitCodes.Failure),
        SchemaRegistry.SchemaRegistryException e => (e.Message, ExitCodes.Failure),
        FormatException e => (e.Message, ExitCodes.UsageError),
        NotSupportedException e => (e.Message, ExitCodes.UsageError),
        System.Net.Sockets.SocketException e => (e.Message, ExitCodes.UsageError),
        IOException e => (e.Message, ExitCodes.UsageError),
        HttpRequestException e => ($"{e.Message} Is the platform running?", ExitCodes.UsageError),
        _ => null,
    };
}
