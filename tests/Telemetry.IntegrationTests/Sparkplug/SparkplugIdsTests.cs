using Telemetry.IntegrationTests.Edge.Conformance;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>The page of Sparkplug names each id that a test proves, with its tests, and no other.</summary>
public sealed class SparkplugIdsTests
{
    private const string Prefix = "tck-id-";

    [Fact]
    public void Table_of_ids_is_up_to_date()
    {
        var file = Path.Combine(Repository.Root, "docs", "sparkplug.md");
        var page = File.ReadAllText(file);
        const string head = "| id | test |\n|---|---|\n";
        var start = page.IndexOf(head, StringComparison.Ordinal) + head.Length;
        var end = page.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
        var table = Write();
        if (Environment.GetEnvironmentVariable("TELEMETRY_TEST_WRITE_CONFORMANCE") == "1")
        {
            File.WriteAllText(file, page[..start] + table + page[end..]);
            page = page[..start] + table + page[end..];
            end = start + table.Length;
        }

        page[start..end].ShouldBe(table, "run ./telemetry conformance");
    }

    private static string Write()
    {
        var integration = typeof(SparkplugIdsTests).Assembly.Location;
        var proofs = Proofs.Of(integration, integration.Replace("Telemetry.IntegrationTests", "Telemetry.Tests", StringComparison.Ordinal));
        return string.Concat(proofs
            .Where(proof => proof.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .OrderBy(proof => proof.Key, StringComparer.Ordinal)
            .Select(proof => $"| `{proof.Key[Prefix.Length..]}` | {string.Join(", ", proof.Select(test => $"`{test}`"))} |\n"));
    }
}
