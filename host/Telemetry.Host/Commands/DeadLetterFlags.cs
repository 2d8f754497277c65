using System.CommandLine;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Contracts.Text;

namespace Telemetry.Host.Commands;

/// <summary>Which dead letters.</summary>
internal sealed class DeadLetterFlags
{
    private readonly Option<string?> _cause = new("--cause") { Description = "Only this cause, for example time-out-of-range." };

    private readonly Option<string?> _stage = new("--stage") { Description = "Only this stage: bridge, processing or storage." };

    private readonly Option<string?> _source = new("--source") { Description = "Only sources that contain this, for example a device." };

    private readonly Option<string?> _since = new("--since") { Description = "Only those of this last time, for example 2h." };

    private readonly Option<bool> _resolved = new("--resolved") { Description = "Resolved ones too." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _cause, _stage, _source, _since, _resolved })
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="FormatException">--since is not a duration.</exception>
    public DeadLetterFilter Read(ParseResult result) => new()
    {
        Cause = result.GetValue(_cause),
        Stage = result.GetValue(_stage),
        Source = result.GetValue(_source),
        Since = result.GetValue(_since) is { } text ? DateTimeOffset.UtcNow - DurationText.Parse(text) : null,
        Resolved = result.GetValue(_resolved),
    };
}
