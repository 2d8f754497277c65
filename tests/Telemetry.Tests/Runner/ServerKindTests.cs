using Telemetry.Testing.Servers;
using Telemetry.Tests.Deploy;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Runner;

/// <summary>Where tests look for the servers they need.</summary>
public sealed class ServerKindTests
{
    [Fact]
    public void Every_image_is_pinned_and_those_of_the_compose_file_are_the_same_here()
    {
        var composed = File.ReadAllLines(Path.Combine(Repository.Root, "docker-compose.yml"))
            .Where(line => line.TrimStart().StartsWith("image: ", StringComparison.Ordinal)).Select(line => line.Split("image: ")[1].Trim()).ToList();
        composed.ShouldNotBeEmpty();
        foreach (var kind in TestServers.All)
        {
            PinnedImage.Is(kind.Image).ShouldBeTrue(kind.Image);
            var name = kind.Image.Split(':')[0];
            composed.Where(image => image.Split(':')[0] == name).ShouldAllBe(image => image == kind.Image);
        }
    }

    [Fact]
    public void A_process_comes_before_a_container_and_a_running_server_before_both()
    {
        var kind = new ServerKind("thing", Unset(), () => "/usr/sbin/thing", "install thing", "thing:1.0");
        kind.Origin().ShouldBe(ServerOrigin.Process);

        Environment.SetEnvironmentVariable(kind.Variable, " there:1 ");
        try
        {
            kind.Origin().ShouldBe(ServerOrigin.Environment);
            kind.Address.ShouldBe("there:1");
            kind.Origin(own: true).ShouldBe(ServerOrigin.Process, "a running one is not ours to kill");
        }
        finally
        {
            Environment.SetEnvironmentVariable(kind.Variable, null);
        }
    }

    [Fact]
    public void What_is_missing_is_told_with_what_to_do()
    {
        Assert.SkipWhen(DockerEngine.Answers, "a Docker engine answers here, so nothing is missing");
        var kind = new ServerKind("thing", Unset(), () => null, "install thing", "thing:1.0");

        kind.Origin().ShouldBeNull();
        kind.MissingReason().ShouldBe($"no thing to test with: set {kind.Variable}, or install thing, or start a Docker engine");
        kind.MissingReason(own: true).ShouldBe("no thing to test with: install thing, or start a Docker engine");
    }

    private static string Unset() => $"TELEMETRY_TEST_{Guid.NewGuid():N}";
}
