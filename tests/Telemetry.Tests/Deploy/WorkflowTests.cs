using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>The workflow of the hosted CI runs what everybody runs.</summary>
public sealed class WorkflowTests
{
    [Fact]
    public void The_hosted_run_is_the_one_command_and_may_only_read()
    {
        var workflow = Yaml.File(".github", "workflows", "ci.yml");
        var steps = workflow.Items("jobs", "test", "steps").ToList();

        workflow.Text("permissions", "contents").ShouldBe("read");
        steps.ShouldContain(step => step.Find("run") != null && step.Text("run").Contains(".ci/run"));
        steps.Where(step => step.Find("uses") != null).ShouldAllBe(step => step.Text("uses").StartsWith("actions/") && step.Text("uses").Contains("@v"));
        File.Exists(Path.Combine(Repository.Root, ".ci", "run")).ShouldBeTrue();
    }
}
