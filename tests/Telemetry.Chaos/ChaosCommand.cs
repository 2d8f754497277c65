using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Telemetry.Chaos.Reports;
using Telemetry.Chaos.Runs;
using Telemetry.Testing.Processes;

namespace Telemetry.Chaos;

/// <summary>The command line.</summary>
internal static class ChaosCommand
{
    /// <summary>Interrupted, as a shell says it.</summary>
    private const int Interrupted = 130;

    public static Task<int> RunAsync(string[] args)
    {
        var flags = new ChaosFlags();
        var command = new RootCommand(
            "Plays seeded faults on a cluster of roles over Kafka under load, heals it, and audits: nothing acknowledged may be lost, "
            + "nothing stored twice. Ends with code 0 only when every schedule passed.");
        flags.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(flags.Read(result), result, cancellationToken));
        return command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static async Task<int> RunAsync(ChaosOptions options, ParseResult result, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, stop));
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => Stop(c, stop));
        var data = Path.GetFullPath(options.Data ?? Directory.CreateTempSubdirectory("telemetry-chaos-").FullName);
        Directory.CreateDirectory(data);
        var register = new ProcessRegister(options.Register ?? Path.Combine(data, "processes"));
        await using var run = new ChaosRun(options, data, register, Say);
        if (options.List)
        {
            await ListAsync(run, result.InvocationConfiguration.Output);
            return 0;
        }

        var started = DateTimeOffset.UtcNow;
        var results = new List<ScheduleResult>();
        try
        {
            foreach (var schedule in run.Schedules())
            {
                Say($"seed {schedule.Seed}");
                results.Add(await run.PlayAsync(schedule, stop.Token));
                Show(results[^1]);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Say("interrupted: ending what was started");
        }
        catch (ChaosException e)
        {
            Say(e.Message);
            return 1;
        }

        var report = Report(options, started, results);
        if (options.Report is not null)
        {
            await report.WriteAsync(options.Report);
        }

        await result.InvocationConfiguration.Output.WriteLineAsync(
            options.Json ? JsonSerializer.Serialize(report, ChaosReport.Json) : Summary(report));
        return stop.IsCancellationRequested ? Interrupted : report.Failed == 0 ? 0 : 1;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static async Task ListAsync(ChaosRun run, TextWriter output)
    {
        foreach (var schedule in run.Schedules())
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"seed {schedule.Seed}, {schedule.Length.TotalSeconds:F0} s of faults"));
            foreach (var fault in schedule.Faults)
            {
                await output.WriteLineAsync("  " + fault);
            }
        }
    }

    private static ChaosReport Report(ChaosOptions options, DateTimeOffset started, List<ScheduleResult> results) => new()
    {
        Command = "./telemetry chaos " + string.Join(' ', Environment.GetCommandLineArgs().Skip(1)),
        Started = started,
        Machine = string.Create(
            CultureInfo.InvariantCulture,
            $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB"),
        Brokers = options.Brokers,
        Schedules = results,
    };

    private static void Show(ScheduleResult result)
    {
        Console.Error.WriteLine(ResultTable.Header);
        Console.Error.WriteLine(ResultTable.Row(result));
        foreach (var line in ResultTable.Details(result))
        {
            Console.Error.WriteLine(line);
        }
    }

    private static string Summary(ChaosReport report)
    {
        var lines = new List<string> { ResultTable.Header };
        foreach (var schedule in report.Schedules)
        {
            lines.Add(ResultTable.Row(schedule));
            lines.AddRange(schedule.Passed ? [] : ResultTable.Details(schedule));
        }

        lines.Add("faults played: " + string.Join(", ", report.Played.Select(p => $"{p.Key} {p.Value}")));
        lines.AddRange(report.Standstills.Select(s => string.Create(
            CultureInfo.InvariantCulture,
            $"standstill after {s.Key} ({s.Value.Faults}): unstored median {s.Value.UnstoredMedian:F1} s, worst {s.Value.UnstoredMax:F1} s; unacknowledged median {s.Value.UnacknowledgedMedian:F1} s, worst {s.Value.UnacknowledgedMax:F1} s")));
        lines.AddRange(report.Skipped.Select(s => $"not played: {s.Key} ({s.Value})"));
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Passed} of {report.Schedules.Count} schedules passed: {report.Acked:N0} readings acknowledged, {report.Lost} lost, {report.Doubled} doubled, {report.Unexplained} unexplained"));
        return string.Join(Environment.NewLine, lines);
    }

    private static void Say(string text) => Console.Error.WriteLine($"[{DateTime.UtcNow:HH:mm:ss}] {text}");
}
