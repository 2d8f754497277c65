using System.CommandLine;
using Telemetry.Host.Configuration;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>The command line of the executable.</summary>
internal static class CommandLine
{
    /// <summary>Something the user can mend: settings, a port, a data directory.</summary>
    private const int UsageError = 2;

    /// <summary>The platform could not go on.</summary>
    private const int Failure = 70;

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
        root.Subcommands.Add(ReplayCommand.Create());
        root.Subcommands.Add(AuditCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(SchemasCommand.Create());
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
        ConfigurationException e => (e.Message, UsageError),
        Edge.EdgeConfigurationException e => (e.Message, UsageError),
        RecordLogException { Error: RecordLogError.Locked or RecordLogError.TopicMismatch or RecordLogError.AccessDenied } e => (e.Message, UsageError),
        RecordLogException e => (e.Message, Failure),
        SchemaException e => (e.Message, UsageError),
        ClickHouseException e => ($"ClickHouse: {e.Message}", Failure),
        SchemaRegistry.Client.SchemaRegistryException e => (e.Message, Failure),
        FormatException e => (e.Message, UsageError),
        NotSupportedException e => (e.Message, UsageError),
        System.Net.Sockets.SocketException e => (e.Message, UsageError),
        IOException e => (e.Message, UsageError),
        HttpRequestException e => ($"{e.Message} Is the platform running?", UsageError),
        _ => null,
    };
}
