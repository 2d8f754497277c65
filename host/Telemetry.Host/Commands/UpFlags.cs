using System.CommandLine;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>How this run of <c>up</c> goes; not settings of the platform.</summary>
/// <param name="Duration">How long the simulator produces; null: until Ctrl-C.</param>
/// <param name="Simulator">False: no fleet.</param>
/// <param name="Browser">True: open the console.</param>
/// <param name="Plain">True: lines instead of a live view.</param>
/// <param name="Report">File for the figures of the run.</param>
internal sealed record UpSettings(TimeSpan? Duration, bool Simulator, bool Browser, bool Plain, string? Report);

/// <summary>Flags of <c>up</c>.</summary>
internal sealed class UpFlags
{
    private readonly Option<string?> _for = new("--for") { Description = "Run this long, for example 60s, then drain and end with code 0." };

    private readonly Option<bool> _noSimulator = new("--no-simulator") { Description = "Only the platform; devices are yours." };

    private readonly Option<bool> _noBrowser = new("--no-browser") { Description = "Do not open the console." };

    private readonly Option<bool> _plain = new("--plain") { Description = "Plain lines instead of the live view." };

    private readonly Option<string?> _report = new("--report") { Description = "File for the figures of this run (JSON)." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _for, _noSimulator, _noBrowser, _plain, _report })
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="FormatException">--for is not a duration.</exception>
    public UpSettings Read(ParseResult result) => new(
        result.GetValue(_for) is { } text ? Durations.Parse(text) : null,
        !result.GetValue(_noSimulator),
        !result.GetValue(_noBrowser),
        result.GetValue(_plain),
        result.GetValue(_report));
}
