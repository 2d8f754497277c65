using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.Host.Views;

/// <summary>Shows a fleet's progress: JSON lines for a parent process, plain lines, or a bar in a terminal.</summary>
internal abstract class SimulatorView : IDisposable
{
    public static SimulatorView Create(bool json, bool plain, SimulatorOptions options) =>
        json ? new JsonView()
        : plain || Console.IsErrorRedirected || !AnsiConsole.Profile.Capabilities.Interactive ? new PlainView()
        : new BarView(options);

    public abstract void Show(SimulatorProgress progress);

    public virtual void Finish(JsonObject report)
    {
    }

    public virtual void Dispose()
    {
    }

    private static string Line(SimulatorProgress p, double rate) => string.Create(
        CultureInfo.InvariantCulture,
        $"{p.Elapsed:hh\\:mm\\:ss} {p.Connected} devices, {p.Sent:N0} sent, {p.Acked:N0} acked ({rate:N0}/s), {p.PublishesPending:N0} waiting, {p.Rejected:N0} rejected, {p.Reconnects:N0} reconnects");

    /// <summary>Acknowledged readings a second since the last look.</summary>
    private sealed class Rate
    {
        private SimulatorProgress? _last;

        public double Next(SimulatorProgress progress)
        {
            var seconds = _last is null ? 0 : (progress.Elapsed - _last.Elapsed).TotalSeconds;
            var rate = seconds <= 0 ? 0 : (progress.Acked - _last!.Acked) / seconds;
            _last = progress;
            return rate;
        }
    }

    private sealed class JsonView : SimulatorView
    {
        public override void Show(SimulatorProgress progress) => Console.Out.WriteLine(JsonSerializer.Serialize(progress));

        public override void Finish(JsonObject report) =>
            Console.Out.WriteLine(new JsonObject { ["Report"] = report }.ToJsonString());
    }

    private sealed class PlainView : SimulatorView
    {
        private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
        private readonly Rate _rate = new();
        private TimeSpan _next;

        public override void Show(SimulatorProgress progress)
        {
            if (progress.Elapsed >= _next)
            {
                _next = progress.Elapsed + Every;
                Console.Error.WriteLine(Line(progress, _rate.Next(progress)));
            }
        }
    }

    private sealed class BarView(SimulatorOptions options) : SimulatorView
    {
        private const int Width = 30;
        private readonly Rate _rate = new();

        public override void Show(SimulatorProgress progress)
        {
            var bar = "";
            if (options.Duration is { } duration && duration > TimeSpan.Zero)
            {
                var filled = (int)Math.Clamp(Width * (progress.Elapsed / duration), 0, Width);
                bar = $"[{new string('#', filled)}{new string('.', Width - filled)}] ";
            }

            Console.Error.Write("\r\u001b[2K" + bar + Line(progress, _rate.Next(progress)));
        }

        public override void Finish(JsonObject report) => Console.Error.WriteLine();
    }
}
