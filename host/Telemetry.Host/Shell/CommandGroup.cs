using System.CommandLine;

namespace Telemetry.Host.Shell;

/// <summary>Commands that belong together in the help.</summary>
/// <param name="Title">What they are for.</param>
/// <param name="Commands">In the order in which they are listed.</param>
internal sealed record CommandGroup(string Title, IReadOnlyList<Command> Commands);
