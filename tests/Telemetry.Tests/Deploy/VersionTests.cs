using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>One version in assembly, image, chart, console and packages; a tag makes it a release.</summary>
public sealed class VersionTests
{
    private static readonly string Next = XDocument.Load(At("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

    [Fact]
    public void Image_chart_compose_and_console_carry_the_version_of_the_assemblies()
    {
        Yaml.File("deploy", "helm", "telemetry", "Chart.yaml").Text("version").ShouldBe(Next);
        Yaml.File("deploy", "helm", "telemetry", "Chart.yaml").Text("appVersion").ShouldBe(Next);
        File.ReadAllText(At("Dockerfile")).ShouldContain($"ARG VERSION={Next}\n");
        File.ReadAllText(At("docker-compose.yml")).ShouldContain($"telemetry:${{TELEMETRY_VERSION:-{Next}}}");
        JsonDocument.Parse(File.ReadAllText(At("storage/console/package.json"))).RootElement.GetProperty("version").GetString().ShouldBe(Next);
    }

    [Theory]
    [InlineData(null, "{0}-dev.1")]
    [InlineData("v{0}", "{0}")]
    [InlineData("v{0}-rc.1", "{0}-rc.1")]
    public void Version_comes_from_the_tag_or_else_from_the_number_of_commits(string? tag, string version)
    {
        var ran = InCheckout(tag is null ? null : string.Format(System.Globalization.CultureInfo.InvariantCulture, tag, Next));

        ran.Code.ShouldBe(0, ran.Errors);
        ran.Output.Trim().ShouldBe(string.Format(System.Globalization.CultureInfo.InvariantCulture, version, Next));
    }

    [Fact]
    public void Tag_of_another_version_than_the_sources_say_is_refused()
    {
        var ran = InCheckout("v99.0.0");

        ran.Code.ShouldBe(2);
        ran.Errors.ShouldContain($"Directory.Build.props says {Next}");
    }

    [Fact]
    public void Release_workflow_makes_packages_chart_and_images_of_the_version_that_the_script_prints()
    {
        var text = File.ReadAllText(At(".github/workflows/release.yml"));

        text.ShouldContain("deploy/version.sh");
        text.ShouldContain("./telemetry pack");
        Regex.Count(text, "--build-arg VERSION=\"\\$VERSION\"").ShouldBe(2);
        text.ShouldContain("--version \"$VERSION\" --app-version \"$VERSION\"");
        Yaml.File(".github", "workflows", "release.yml").Items("jobs", "packages", "steps")
            .Where(step => step.Find("uses") != null).ShouldAllBe(step => step.Text("uses").StartsWith("actions/") && step.Text("uses").Contains("@v"));
    }

    [Fact]
    public void Changelog_begins_with_what_is_not_released_yet() =>
        File.ReadLines(At("CHANGELOG.md")).First(line => line.StartsWith("## ", StringComparison.Ordinal)).ShouldBe("## Unreleased");

    private static string At(string path) => Path.Combine(Repository.Root, path);

    /// <summary>The script in a repository of one commit.</summary>
    private static (int Code, string Output, string Errors) InCheckout(string? tag)
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-version-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "deploy"));
            File.Copy(At("deploy/version.sh"), Path.Combine(folder, "deploy", "version.sh"));
            File.Copy(At("Directory.Build.props"), Path.Combine(folder, "Directory.Build.props"));
            var commands = "set -e; cd \"$1\"; git init -q; git add .; git -c user.name=a -c user.email=a@b commit -qm one; " + (tag is null ? "" : "git tag \"$2\"; ") + "exec deploy/version.sh";
            using var process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", commands, "bash", folder, tag ?? ""])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var (output, errors) = (process.StandardOutput.ReadToEnd(), process.StandardError.ReadToEnd());
            process.WaitForExit();
            return (process.ExitCode, output, errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
