using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Telemetry.Host.Composition;
using Telemetry.Host.Operations;
using Telemetry.Observability.Lag;

namespace Telemetry.Host.Views;

/// <summary>Lag as a table, or as one JSON object a line.</summary>
internal sealed class LagOutput(TextWriter output, bool json, bool clear)
{
    private static readonly TimeSpan Warning = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Alarm = TimeSpan.FromMinutes(1);

    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

    public async Task WriteAsync(LagSample sample, IReadOnlyList<ForwardBacklog> backlogs)
    {
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(
                new
                {
                    at = DateTimeOffset.UtcNow,
                    groups = sample.Groups.Select(l => new
                    {
                        l.Group,
                        l.Partition.Topic,
                        l.Partition.Partition,
                        l.Committed,
                        l.Records,
                        seconds = Math.Round(l.Age.TotalSeconds, 3),
                    }),
                    watermarks = LagViews.Least(sample).Select(w => new { w.Stage, w.Time, lagSeconds = Math.Round(w.Lag.TotalSeconds, 3) }),
                    forward = backlogs.Select(b => b with { Seconds = Math.Round(b.Seconds, 3) }),
                },
                JsonSerializerOptions.Web));
            return;
        }

        if (clear)
        {
            _console.Clear();
        }

        Write(backlogs);
        if (sample.Groups.Count > 0)
        {
            Write(sample);
        }
    }

    private void Write(IReadOnlyList<ForwardBacklog> backlogs)
    {
        foreach (var backlog in backlogs)
        {
            _console.WriteLine(backlog.Problem is { } problem
                ? $"store and forward, {backlog.Where}: {problem}"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"store and forward, {backlog.Where}: {backlog.Records:N0} records ({backlog.Bytes / 1e6:F1} MB) wait, the oldest for {backlog.Seconds:F1} s; {backlog.DiskBytes / 1e6:F1} of {backlog.DiskBytesMax / 1e6:F1} MB used"));
        }
    }

    private void Write(LagSample sample)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("group", "topic");
        foreach (var heading in new[] { "partition", "committed", "records", "seconds" })
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var lag in sample.Groups)
        {
            var color = Color(lag);
            table.AddRow(
                Markup.Escape(lag.Group),
                Markup.Escape(lag.Partition.Topic),
                Number(lag.Partition.Partition),
                lag.Committed is { } committed ? Number(committed) : "none",
                $"[{color}]{Number(lag.Records)}[/]",
                $"[{color}]{lag.Age.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)}[/]");
        }

        _console.Write(table);
        foreach (var watermark in LagViews.Least(sample))
        {
            _console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{watermark.Stage}: readings measured before {watermark.Time:yyyy-MM-dd HH:mm:ss}Z are done, unless late ({watermark.Lag.TotalSeconds:F1} s ago)"));
        }
    }

    private static string Color(GroupLag lag) => lag switch
    {
        { Records: 0 } => "green",
        _ when lag.Age >= Alarm => "red",
        _ when lag.Age >= Warning => "yellow",
        _ => "default",
    };

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
