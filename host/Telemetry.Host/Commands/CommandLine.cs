using System.CommandLine;
using System.CommandLine.Invocation;
using Telemetry.Contracts.Faults;
using Telemetry.Host.Configuration;
using Telemetry.Host.Shell;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>The command line of the executable.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = CommandTree.Create().Parse(args switch
        {
            [] => ["--help"],
            ["help", .. var command] => [.. command, "--help"],
            _ => args,
        });
        if (parsed.Errors.Count > 0)
        {
            foreach (var line in UsageErrors.Describe(parsed))
            {
                await Console.Error.WriteLineAsync(line);
            }

            return ExitCodes.UsageError;
        }

        // What runs until it is stopped sees to signals itself, and what asks at the terminal ends at once.
        using var signals = parsed is { CommandResult.Command: not ServiceCommand, Action: AsynchronousCommandLineAction }
            ? new StopSignals("Stopping as soon as what is under way can be left.")
            : null;
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null, // Signals are ours: stop in good order.
                },
                signals?.Token ?? CancellationToken.None);
        }
        catch (OperationCanceledException) when (signals?.Token.IsCancellationRequested == true)
        {
            return ExitCodes.Interrupted;
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
        UnauthorizedAccessException e => (e.Message, ExitCodes.UsageError),
        HttpRequestException e => ($"{e.Message} Is the platform running?", ExitCodes.UsageError),
        _ => null,
    };
}
