using Telemetry.Host.Configuration;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Host;

public sealed class SettingsTableTests
{
    [Fact]
    public void Page_of_settings_is_what_the_program_prints()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));

        page.ShouldBe(SettingsTable.Write(), "run ./telemetry settings > docs/configuration.md");
    }

    [Fact]
    public void Every_setting_says_what_it_means()
    {
        var rows = SettingsTable.Write().Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).ToList();

        rows.Count.ShouldBeGreaterThan(100);
        rows.Where(r => r.EndsWith("|  |", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
