using System.CommandLine;

namespace Telemetry.Host.Commands;

/// <summary>A command that runs until it is stopped, and sees to signals itself.</summary>
internal sealed class ServiceCommand(string name, string? description = null) : Command(name, description);
