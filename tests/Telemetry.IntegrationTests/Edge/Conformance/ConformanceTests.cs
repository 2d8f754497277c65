using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>The list of statements is whole, each has its test or a reason, and the page says so.</summary>
public sealed class ConformanceTests
{
    /// <summary>Numbers that the standard leaves out.</summary>
    private static readonly string[] Holes = ["MQTT-2.2.1-1"];

    private static readonly Lazy<ILookup<string, string>> All = new(() => Proofs.Of(
        typeof(ConformanceTests).Assembly.Location,
        typeof(ConformanceTests).Assembly.Location.Replace("Telemetry.IntegrationTests", "Telemetry.Tests", StringComparison.Ordinal)));

    [Theory]
    [InlineData("5.0", new[] { 5, 7, 175, 60, 0, 4, 0 })]
    [InlineData("3.1.1", new[] { 3, 9, 95, 26, 0, 4, 4 })]
    public void Statements_are_as_many_as_the_standard_has_in_each_chapter_and_without_holes(string version, int[] chapters)
    {
        var statements = Statement.Read(version);
        statements.Select(s => s.Id).ShouldBeUnique();
        for (var chapter = 1; chapter <= chapters.Length; chapter++)
        {
            statements.Count(s => s.Section.StartsWith($"{chapter}.", StringComparison.Ordinal)).ShouldBe(chapters[chapter - 1], $"chapter {chapter}");
        }

        foreach (var section in statements.GroupBy(s => s.Id[..s.Id.LastIndexOf('-')]))
        {
            var numbers = section.Select(s => s.Number).Concat(
                Holes.Where(h => h[..h.LastIndexOf('-')] == section.Key).Select(h => int.Parse(h[(h.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
            numbers.Order().ShouldBe(Enumerable.Range(1, numbers.Count()), section.Key);
        }

        statements.ShouldAllBe(s => (s.Binds == "server" || s.Binds == "client" || s.Binds == "both") && s.Text.Length > 0);
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public void Statement_that_binds_a_server_has_a_test_or_a_reason_and_not_both(string version)
    {
        var statements = Statement.Read(version);
        statements.Where(s => s.Binds != "client" && s.WhyNot.Length == 0 && !All.Value.Contains(s.Id)).Select(s => s.Id)
            .ShouldBeEmpty("neither a test names it nor is there a reason");
        statements.Where(s => s.WhyNot.Length > 0 && All.Value.Contains(s.Id)).Select(s => s.Id)
            .ShouldBeEmpty("a test names it: the reason why not is out of date");
    }

    [Fact]
    public void Statement_that_a_test_names_exists()
    {
        var known = Statement.Read("5.0").Concat(Statement.Read("3.1.1")).Select(s => s.Id).ToHashSet();
        All.Value.Select(p => p.Key)
            .Where(clause => clause.StartsWith("MQTT", StringComparison.Ordinal) && clause.Count(c => c == '-') > 1)
            .Where(clause => !known.Contains(clause))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Page_is_up_to_date()
    {
        var file = Path.Combine(Repository.Root, "docs", "mqtt-conformance.md");
        var page = ConformancePage.Write(All.Value);
        if (Environment.GetEnvironmentVariable("TELEMETRY_TEST_WRITE_CONFORMANCE") == "1")
        {
            File.WriteAllText(file, page);
        }

        File.ReadAllText(file).ShouldBe(page, "run ./telemetry conformance");
    }
}
