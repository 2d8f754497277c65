using System.Reflection;
using System.Text.RegularExpressions;
using NetArchTest.Rules;

namespace Telemetry.Tests.Architecture;

/// <summary>Inside a project folders (namespaces) have an order too: each uses only those named before it.</summary>
public sealed class FolderOrderTests
{
    /// <summary>Folders from the lowest to the highest; an empty name is the project's own namespace.</summary>
    private static readonly Dictionary<string, string[]> Orders = new()
    {
        ["Telemetry.Edge"] =
        [
            "", "Timing", "Reasons", "Messages", "Topics", "Diagnostics", "Sockets",
            "Security.Limits", "Security.Auditing", "Security.Reloading", "Security.Passwords", "Security.Users", "Security.Certificates", "Security.Rules", "Security.Tokens", "Security.Scram", "Security",
            "Sessions", "Durability", "Routing", "Connections", "Packets", "Hosting",
        ],
        ["Telemetry.Simulator"] = ["Ledger", "Signals", "Totals", "Options", "History", "Faults", "Machines", "Devices", ""],
    };

    public static TheoryData<string> Projects => [.. Orders.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_use_only_those_below_them(string project)
    {
        var assembly = Assembly.Load(project);
        var order = Orders[project].Select(folder => folder.Length == 0 ? project : $"{project}.{folder}").ToList();
        var types = assembly.GetTypes().Where(type => type.DeclaringType is null && type.Namespace is not null).ToLookup(type => type.Namespace!);
        types.Select(group => group.Key).Where(name => name.StartsWith(project, StringComparison.Ordinal)).ShouldBeSubsetOf(order);
        for (var i = 0; i < order.Count - 1; i++)
        {
            string[] above = [.. order.Skip(i + 1).SelectMany(name => types[name]).Select(type => type.FullName!)];

            var result = Types.InAssembly(assembly)
                .That().ResideInNamespaceMatching($"^{Regex.Escape(order[i])}$")
                .ShouldNot().HaveDependencyOnAny(above)
                .GetResult();

            result.IsSuccessful.ShouldBeTrue(
                $"{order[i]} uses a folder above it: {string.Join(", ", result.FailingTypes?.Select(type => type.FullName) ?? [])}");
        }
    }
}
