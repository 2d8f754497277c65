using System.Xml.Linq;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>No container engine runs here; what can be known without one is held here. Its build steps run in the integration tests.</summary>
public sealed class DockerfileTests
{
    private const string Host = "host/Telemetry.Host/Telemetry.Host.csproj";
    private static readonly string[] Targets = ["telemetry", "telemetry-embedded"];
    private readonly DockerfileModel _file = DockerfileModel.Load();

    [Fact]
    public void Every_base_is_a_pinned_version_or_an_earlier_stage()
    {
        var names = new HashSet<string>();
        foreach (var stage in _file.Stages)
        {
            (names.Contains(stage.Base) || PinnedImage.Is(stage.Base)).ShouldBeTrue($"FROM {stage.Base}");
            names.Add(stage.Name).ShouldBeTrue($"stage {stage.Name} twice");
        }

        Targets.ShouldBeSubsetOf(names);
    }

    [Fact]
    public void Everything_copied_is_in_the_repository_or_made_by_an_earlier_stage()
    {
        var ignored = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore"));
        var known = new HashSet<string>();
        foreach (var stage in _file.Stages)
        {
            foreach (var copy in stage.Of("COPY"))
            {
                if (copy.Flags.TryGetValue("from", out var from))
                {
                    known.ShouldContain(from);
                    continue;
                }

                foreach (var source in copy.Words.SkipLast(1))
                {
                    Path.Exists(Path.Combine(Repository.Root, source)).ShouldBeTrue($"COPY {source}: not in the repository");
                    ignored.ShouldContain("!" + source.Split('/')[0], $"COPY {source}: .dockerignore keeps it from the builder");
                }
            }

            known.Add(stage.Name);
        }
    }

    [Fact]
    public void Every_project_that_the_host_is_built_of_is_copied()
    {
        var copied = _file["build"].Of("COPY").SelectMany(c => c.Words.SkipLast(1)).ToList();

        foreach (var project in Projects(Host))
        {
            copied.ShouldContain(c => c.EndsWith('/') && project.StartsWith(c, StringComparison.Ordinal), $"sources of {project}");
        }
    }

    [Fact]
    public void Images_run_without_root_without_a_shell_and_know_their_health()
    {
        foreach (var target in Targets)
        {
            var instructions = _file.Effective(target);

            instructions.Last(i => i.Name == "USER").Arguments.ShouldBe("1654:1654");
            instructions.ShouldContain(i => i.Name == "HEALTHCHECK" && i.Arguments.Contains("CMD [") && i.Arguments.Contains("\"healthcheck\""));
            instructions.Where(i => i.Name is "ENTRYPOINT" or "CMD").ShouldAllBe(i => i.Arguments.StartsWith('['), "exec form: there is no shell");
            instructions.ShouldContain(i => i.Name == "LABEL" && i.Arguments.Contains("org.opencontainers.image.version"));
            instructions.ShouldNotContain(i => i.Name == "RUN", "nothing is run in a final image: no shell, no package manager");
        }
    }

    [Fact]
    public void Only_the_embedded_image_carries_the_engine()
    {
        _file.Effective("telemetry").ShouldNotContain(i => i.Arguments.Contains("engine"));
        _file.Effective("telemetry-embedded").ShouldContain(i => i.Name == "COPY" && i.Flags.GetValueOrDefault("from") == "engine");
    }

    [Fact]
    public void Nothing_secret_is_baked_in()
    {
        var instructions = _file.Stages.SelectMany(s => s.Instructions);

        instructions.Where(i => i.Name is "ENV" or "ARG" or "LABEL")
            .ShouldNotContain(i => i.Arguments.Contains("PASSWORD", StringComparison.OrdinalIgnoreCase) || i.Arguments.Contains("SECRET", StringComparison.OrdinalIgnoreCase));
        File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore"))[1].ShouldBe("*", "everything is shut out, then let in by name");
    }

    [Fact]
    public void Settings_of_the_image_are_settings()
    {
        var environment = _file.Effective("telemetry-embedded").Where(i => i.Name == "ENV")
            .SelectMany(i => i.Words).Select(w => w.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);

        EnvironmentSettings.Read(environment).Data.ShouldBe("/data");
    }

    /// <summary>A project and all it references, as paths from the root.</summary>
    private static IEnumerable<string> Projects(string project)
    {
        var folder = Path.GetDirectoryName(project)!;
        var references = XDocument.Load(Path.Combine(Repository.Root, project)).Descendants("ProjectReference")
            .Select(r => r.Attribute("Include")!.Value.Replace("$(MSBuildThisFileDirectory)", "", StringComparison.Ordinal))
            .Select(r => Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, r))));
        return references.SelectMany(Projects).Append(project).Distinct();
    }
}
