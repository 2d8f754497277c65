using System.CommandLine;
using Telemetry.Contracts.Text;
using Telemetry.Host.Apart;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>How this run of <c>up</c> goes; not settings of the platform.</summary>
/// <param name="Duration">How long the simulator produces; null: until Ctrl-C.</param>
/// <param name="Simulator">False: no fleet.</param>
/// <param name="Browser">True: open the console.</param>
/// <param name="Plain">True: lines instead of a live view.</param>
/// <param name="Report">File for the figures of the run.</param>
/// <param name="Apart">How many processes of each role; null: all roles in this process.</param>
internal sealed record UpSettings(
    TimeSpan? Duration, bool Simulator, bool Browser, bool Plain, string? Report, RoleCounts? Apart);

/// <summary>Flags of <c>up</c>.</summary>
internal sealed class UpFlags
{
    private const int InstancesMax = 64;

    private readonly Option<string?> _for = new("--for") { Description = "Run this long, for example 60s, then drain and end with code 0; even if something hangs, the process ends within the shutdown timeout after that." };

    private readonly Option<bool> _noSimulator = new("--no-simulator") { Description = "Without simulated devices: only yours." };

    private readonly Option<bool> _noBrowser = new("--no-browser") { Description = "Do not open the console." };

    private readonly Option<bool> _plain = new("--plain") { Description = "Plain lines instead of the live view." };

    private readonly Option<string?> _report = new("--report") { Description = "File for the figures of this run (JSON); the store keeps its pace for readers, as on a terminal." };

    private readonly Option<bool> _apart = new("--roles-apart") { Description = "One process for each role; needs --kafka." };

    private readonly Option<int?> _process = new("--process") { Description = "Processing processes with --roles-apart (default 1)." };

    private readonly Option<int?> _store = new("--store") { Description = "Storage processes with --roles-apart (default 1)." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _for, _noSimulator, _noBrowser, _plain, _report, _apart, _process, _store })
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="FormatException">--for is not a duration.</exception>
    /// <exception cref="ConfigurationException">Flags that do not go together.</exception>
    public UpSettings Read(ParseResult result, TelemetryOptions options)
    {
        var apart = result.GetValue(_apart);
        var errors = new List<ConfigurationError>();
        Check(result, _process, apart, errors);
        Check(result, _store, apart, errors);
        if (apart && !options.IsKafka)
        {
            errors.Add(new ConfigurationError(
                "--roles-apart", null, "processes that run apart share a log: add --kafka HOST:PORT. The embedded journal belongs to one process.", "command line"));
        }

        return errors.Count > 0 ? throw new ConfigurationException(errors) : new UpSettings(
            result.GetValue(_for) is { } text ? DurationText.Parse(text) : null,
            !result.GetValue(_noSimulator),
            !result.GetValue(_noBrowser),
            result.GetValue(_plain),
            result.GetValue(_report),
            apart ? new RoleCounts(result.GetValue(_process) ?? 1, result.GetValue(_store) ?? 1) : null);
    }

    private static void Check(ParseResult result, Option<int?> option, bool apart, List<ConfigurationError> errors)
    {
        if (result.GetValue(option) is not { } count)
        {
            return;
        }

        if (!apart)
        {
            errors.Add(new ConfigurationError(option.Name, $"{count}", "counts processes of --roles-apart; add that and --kafka HOST:PORT.", "command line"));
        }
        else if (count is < 1 or > InstancesMax)
        {
            errors.Add(new ConfigurationError(option.Name, $"{count}", $"give 1 to {InstancesMax}.", "command line"));
        }
    }
}
