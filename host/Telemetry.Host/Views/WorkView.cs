using System.Globalization;
using Spectre.Console;
using Telemetry.Storage.Audit;

namespace Telemetry.Host.Views;

/// <summary>
/// Shows on standard error how far a long command is: bars on a terminal, a line every few seconds where there is none.
/// </summary>
internal sealed class WorkView
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <param name="live">False: lines only, as for output that a script reads.</param>
    public WorkView(bool live) => IsLive = live && !Console.IsErrorRedirected && _console.Profile.Capabilities.Interactive;

    /// <summary>True: bars own the terminal, so nothing else may write to it.</summary>
    public bool IsLive { get; }

    /// <summary>Does the work and shows its progress.</summary>
    public async Task<T> RunAsync<T>(Func<IProgress<WorkProgress>, Task<T>> work)
    {
        if (!IsLive)
        {
            var lines = new Lines();
            var result = await work(lines);
            lines.End();
            return result;
        }

        return await _console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var bars = new Bars(context);
                var result = await work(bars);
                bars.End();
                return result;
            });
    }

    private static string Describe(in WorkProgress progress) => (progress.Done, progress.Total) switch
    {
        (0, 0) => progress.Step,
        (_, 0) => string.Create(CultureInfo.InvariantCulture, $"{progress.Step}: {progress.Done:N0} {progress.Unit}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{progress.Step}: {progress.Done:N0} of {progress.Total:N0} {progress.Unit}"),
    };

    private sealed class Lines : IProgress<WorkProgress>
    {
        private readonly long _began = TimeProvider.System.GetTimestamp();
        private long _said;
        private WorkProgress _last;
        private bool _lastSaid = true;

        public void Report(WorkProgress value)
        {
            var isNew = value.Step != _last.Step;
            if (isNew)
            {
                End();
            }

            _last = value;
            _lastSaid = false;
            if (isNew || TimeProvider.System.GetElapsedTime(_said) >= LineEvery)
            {
                Say();
            }
        }

        /// <summary>The last word of a step.</summary>
        public void End()
        {
            if (!_lastSaid)
            {
                Say();
            }
        }

        private void Say()
        {
            _said = TimeProvider.System.GetTimestamp();
            _lastSaid = true;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{Describe(_last)} ({TimeProvider.System.GetElapsedTime(_began).TotalSeconds:F0} s)"));
        }
    }

    private sealed class Bars(ProgressContext context) : IProgress<WorkProgress>
    {
        private ProgressTask? _bar;
        private string _step = "";

        public void Report(WorkProgress value)
        {
            if (_bar is null || value.Step != _step)
            {
                End();
                _step = value.Step;
                _bar = context.AddTask(Markup.Escape(value.Step));
            }

            _bar.Description = Markup.Escape(Describe(value));
            _bar.IsIndeterminate = value.Total == 0;
            _bar.MaxValue = Math.Max(1, value.Total);
            _bar.Value = value.Done;
        }

        public void End()
        {
            if (_bar is { } bar)
            {
                bar.IsIndeterminate = false;
                bar.Value = bar.MaxValue;
                bar.StopTask();
            }
        }
    }
}
