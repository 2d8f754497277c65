using System.Reflection;

namespace Telemetry.Host.Naming;

/// <summary>The version of this program, with the commit it was made of.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
