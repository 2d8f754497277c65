using System.Runtime.InteropServices;
using Telemetry.Tests.Deploy;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>The Dockerfile's own restore and publish, run here, and what they make run as its user from a tree nobody may write to.</summary>
public sealed class ImageBuildTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-image-").FullName;

    public void Dispose()
    {
        DeployTool.Run("chmod", "-R", "u+w", _directory);
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void What_the_image_is_built_of_runs_without_root_and_without_writing()
    {
        var application = Path.Combine(_directory, "app");
        var steps = DockerfileModel.Load()["build"].Of("RUN").Select(r => string.Join(' ', r.Words)).ToList();
        foreach (var verb in (string[])["restore", "publish"])
        {
            var step = steps.Single(s => s.StartsWith($"dotnet {verb} ", StringComparison.Ordinal)).Split("||")[0]
                .Replace("$TARGETARCH", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64", StringComparison.Ordinal)
                .Replace("$VERSION", "1.2.3", StringComparison.Ordinal)
                .Replace("-o /app", $"-o {application}", StringComparison.Ordinal);
            DeployTool.Succeed("bash", "-c", $"nice -n 10 {step} -p:ArtifactsPath={_directory}/artifacts --nologo -v q");
        }

        DeployTool.Succeed("chmod", "-R", "a+rX,a-w", application);
        DeployTool.Succeed("chmod", "a+rx", _directory);
        string[] asUser = Environment.UserName == "root" ? ["setpriv", "--reuid", "1654", "--regid", "1654", "--clear-groups"] : [];
        string[] command =
        [
            .. asUser, "env", "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}", "DOTNET_EnableDiagnostics=0",
            "dotnet", Path.Combine(application, "telemetry.dll"),
        ];

        DeployTool.Succeed(command[0], [.. command[1..], "version"]).ShouldStartWith("telemetry 1.2.3");
        var (code, output, errors) = DeployTool.Run(command[0], [.. command[1..], "healthcheck", "--url", "http://127.0.0.1:9/readyz"]);
        code.ShouldBe(1, errors);
        output.ShouldContain("127.0.0.1:9");
        Directory.EnumerateFiles(application, "*rdkafka*.so", SearchOption.AllDirectories).ShouldNotBeEmpty();
        Directory.Exists(Path.Combine(application, "runtimes", "win-x64")).ShouldBeFalse("only this architecture's native parts");
        Directory.EnumerateFiles(application, "libchdb*", SearchOption.AllDirectories).ShouldBeEmpty("the engine is for the embedded image");
    }
}
