using System.Reflection;
using System.Text.RegularExpressions;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Docs;

/// <summary>What docs/console.md says is proved has a test of that name.</summary>
public sealed partial class ConsoleProofTests
{
    private static readonly ILookup<string, Type> Classes = typeof(ConsoleProofTests).Assembly.GetTypes().Where(t => !t.IsNested).ToLookup(t => t.Name);

    [Fact]
    public async Task Every_test_that_the_page_names_is_there()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "console.md"), TestContext.Current.CancellationToken);
        var table = page[page.IndexOf("## What a plant engineer expects", StringComparison.Ordinal)..];
        var rows = table.Split('\n').Where(line => Name().IsMatch(line)).ToList();
        rows.Count.ShouldBeGreaterThan(25);
        foreach (var row in rows)
        {
            // "Class.Method", then "Method" of the same class.
            var current = "";
            foreach (var name in Name().Matches(row).Select(match => match.Groups[1].Value))
            {
                var (type, method) = name.Split('.') is [var first, var second] ? (first, second) : Classes.Contains(name) ? (name, "") : (current, name);
                current = type;
                var tests = Classes[type].ShouldHaveSingleItem($"{row}: no class {type}").GetMethods().Where(IsTest).Select(m => m.Name).ToList();
                tests.ShouldNotBeEmpty(type);
                if (method.Length > 0)
                {
                    tests.ShouldContain(method, row);
                }
            }
        }
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes().Any(a => a.GetType().Name is nameof(FactAttribute) or nameof(TheoryAttribute));

    [GeneratedRegex("`([A-Z][A-Za-z0-9_]*(?:\\.[A-Z][A-Za-z0-9_]*)?)`")]
    private static partial Regex Name();
}
