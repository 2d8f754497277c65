using System.Text;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>docs/mqtt-conformance.md.</summary>
internal static class ConformancePage
{
    public static string Write(ILookup<string, string> proofs)
    {
        var page = new StringBuilder("""
            # MQTT: every normative statement and its test

            Each numbered statement of MQTT 5.0 and 3.1.1 (OASIS), in our words, with the tests that prove it, or why there is none. `MQTT3-` marks
            the statements of 3.1.1. Tests are in `tests/Telemetry.Tests` (the codec and parts of the broker) and `tests/Telemetry.IntegrationTests`
            (a running broker, driven byte by byte or by MQTTnet's client). Made by `./telemetry conformance`; a test fails when this page is old.


            """);
        var versions = new[] { "5.0", "3.1.1" };
        page.Append("| | statements | proved | not provable here |\n|---|---|---|---|\n");
        foreach (var version in versions)
        {
            var all = Statement.Read(version);
            var proved = all.Count(s => proofs.Contains(s.Id));
            page.Append($"| MQTT {version} | {all.Count} | {proved} | {all.Count - proved} |\n");
        }

        foreach (var version in versions)
        {
            page.Append($"\n## MQTT {version}\n\n### Not proved, and why\n\n| id | binds | statement | why not |\n|---|---|---|---|\n");
            foreach (var statement in Statement.Read(version).Where(s => !proofs.Contains(s.Id)))
            {
                page.Append($"| {statement.Id} | {statement.Binds} | {Cell(statement.Text)} | {Cell(WhyNot(statement))} |\n");
            }

            page.Append("\n### Proved\n\n| id | binds | statement | tests |\n|---|---|---|---|\n");
            foreach (var statement in Statement.Read(version).Where(s => proofs.Contains(s.Id)))
            {
                var tests = string.Join("<br>", proofs[statement.Id].Select(t => $"`{t}`"));
                page.Append($"| {statement.Id} | {statement.Binds} | {Cell(statement.Text)} | {tests} |\n");
            }
        }

        return page.ToString();
    }

    private static string WhyNot(Statement statement) => statement.WhyNot.Length > 0 ? statement.WhyNot
        : statement.Binds == "client" ? "Binds clients only. Those of this platform, the simulator and the bridge, are MQTTnet's."
        : "";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
