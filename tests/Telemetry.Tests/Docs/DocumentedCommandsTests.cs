using System.Text.RegularExpressions;
using Telemetry.Host.Commands;
using Telemetry.Host.Shell;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Docs;

/// <summary>Every command that a page shows exists, with every option it is given. Blocks marked "sh run" are run as well, by the integration tests.</summary>
public sealed partial class DocumentedCommandsTests
{
    private static readonly string[] LauncherOnly = ["setup", "test", "bench", "chaos", "conformance", "fuzz", "pack", "help"];

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Append(Path.Combine(Repository.Root, "README.md")).Append(Path.Combine(Repository.Root, "CONTRIBUTING.md"))
        .Select(p => Path.GetRelativePath(Repository.Root, p)).Where(p => p != Path.Combine("docs", "commands.md")).Order()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_of_a_page_exists_with_its_options(string page)
    {
        var wrong = new List<string>();
        foreach (var command in MarkdownCommands.Of(page, File.ReadAllText(Path.Combine(Repository.Root, page))).Where(c => !LauncherOnly.Contains(c.Words[0])))
        {
            var parsed = CommandTree.Create().Parse(command.Words);
            if (command.IsWhole ? parsed.Errors.Count > 0 : parsed.UnmatchedTokens.Count > 0)
            {
                wrong.Add($"{command}\n    {string.Join("\n    ", UsageErrors.Describe(parsed))}");
            }
        }

        wrong.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_somewhere(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        var targets = Link().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))).Select(m => m.Groups[1].Value)
            .Where(t => !t.Contains("://", StringComparison.Ordinal) && !t.StartsWith("mailto:", StringComparison.Ordinal)).ToList();

        foreach (var target in targets)
        {
            var (file, anchor) = (target.Split('#')[0], target.Split('#').Skip(1).FirstOrDefault());
            var full = file.Length == 0 ? Path.Combine(Repository.Root, page) : Path.GetFullPath(Path.Combine(folder, file));
            Path.Exists(full).ShouldBeTrue($"{page} links to {target}");
            if (anchor is not null && full.EndsWith(".md", StringComparison.Ordinal))
            {
                File.ReadLines(full).Where(l => l.StartsWith('#')).Select(Slug).ShouldContain(anchor, $"{page} links to {target}");
            }
        }
    }

    [Fact]
    public void The_reader_of_pages_finds_what_is_there()
    {
        const string page = "Say `telemetry lag --watch` or `telemetry/v1/x`.\n\n    ./telemetry replay --from 2h [--apply | --json]   # compare\n\n```sh run\nid=$(./telemetry alarms list | awk 1)\n./telemetry up \\\n  --for 1s && telemetry audit\n```\n";

        MarkdownCommands.Of("p", page).Select(c => string.Join(' ', c.Words)).ShouldBe(["lag --watch", "replay --from 2h --apply --json", "alarms list", "up --for 1s", "audit"]);
    }

    private static string Slug(string heading) =>
        NotInSlug().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInSlug();
}
