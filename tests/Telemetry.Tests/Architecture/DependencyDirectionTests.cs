using System.Xml.Linq;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Architecture;

/// <summary>Dependencies point down: what a project may reference is written here, and nothing else.</summary>
public sealed class DependencyDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Telemetry.Contracts"] = [],
        ["Telemetry.Mqtt"] = [],
        ["Telemetry.Streams"] = ["Telemetry.Contracts"],
        ["Telemetry.Observability"] = ["Telemetry.Streams"],
        ["Telemetry.SchemaRegistry"] = ["Telemetry.Contracts"],
        ["Telemetry.Edge"] = ["Telemetry.Mqtt"],
        ["Telemetry.Bridge"] = ["Telemetry.Mqtt", "Telemetry.Streams"],
        ["Telemetry.Processing"] = ["Telemetry.Streams"],
        ["Telemetry.Evaluation"] = ["Telemetry.Processing"],
        ["Telemetry.Alarms"] = ["Telemetry.Streams"],
        ["Telemetry.Storage"] = ["Telemetry.Streams"],
        ["Telemetry.Query"] = ["Telemetry.Storage"],
        ["Telemetry.ClickHouseServer"] = ["Telemetry.Storage"],
        ["Telemetry.Operations"] = ["Telemetry.Bridge", "Telemetry.Evaluation", "Telemetry.Processing", "Telemetry.Storage", "Telemetry.Simulator"],
        ["Telemetry.Simulator"] = ["Telemetry.Contracts"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_references_only_what_lies_below_it(string project)
    {
        var references = References(ProjectFile(project));

        references.ShouldBeSubsetOf(Allowed[project]);
    }

    [Fact]
    public void Every_project_of_the_product_is_listed_and_only_the_host_knows_all()
    {
        var projects = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/artifacts/", StringComparison.Ordinal) && !f.Contains("/tests/", StringComparison.Ordinal)
                && !f.Contains("/node_modules/", StringComparison.Ordinal))
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order();

        projects.ShouldBe(Allowed.Keys.Append("Telemetry.Host").Order());
    }

    [Fact]
    public void Assemblies_reference_what_their_projects_say()
    {
        // A transitive reference lets code use a role it must not know; the compiled assemblies tell.
        foreach (var (project, allowed) in Allowed)
        {
            var assembly = System.Reflection.Assembly.Load(project);
            var used = assembly.GetReferencedAssemblies()
                .Select(a => a.Name!)
                .Where(n => n.StartsWith("Telemetry.", StringComparison.Ordinal));

            used.ShouldBeSubsetOf(Closure(project), $"{project} uses an assembly that is not below it");
        }
    }

    private static HashSet<string> Closure(string project)
    {
        var all = new HashSet<string>();
        foreach (var below in Allowed[project])
        {
            all.Add(below);
            all.UnionWith(Closure(below));
        }

        return all;
    }

    private static string ProjectFile(string project) =>
        Directory.EnumerateFiles(Repository.Root, project + ".csproj", SearchOption.AllDirectories).Single();

    private static string[] References(string file) =>
        [.. XDocument.Load(file).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))];
}
