using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>One instruction: its name in capitals, and the rest with continuation lines joined.</summary>
internal sealed record DockerInstruction(string Name, string Arguments)
{
    /// <summary>Words before the first that is no flag, without dashes: platform=..., from=...</summary>
    public IReadOnlyDictionary<string, string> Flags { get; } = Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .TakeWhile(w => w.StartsWith("--", StringComparison.Ordinal))
        .Select(w => w[2..].Split('=', 2)).ToDictionary(p => p[0], p => p.Length > 1 ? p[1] : "");

    /// <summary>Words after the flags.</summary>
    public IReadOnlyList<string> Words { get; } = [.. Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .SkipWhile(w => w.StartsWith("--", StringComparison.Ordinal))];
}

/// <summary>A stage: what it builds on, its name, its instructions.</summary>
internal sealed record DockerStage(string Base, string Name, List<DockerInstruction> Instructions)
{
    public IEnumerable<DockerInstruction> Of(string instruction) => Instructions.Where(i => i.Name == instruction);
}

/// <summary>The Dockerfile at the root, as far as its rules need it.</summary>
internal sealed class DockerfileModel
{
    private DockerfileModel(List<DockerStage> stages) => Stages = stages;

    public IReadOnlyList<DockerStage> Stages { get; }

    public static DockerfileModel Load()
    {
        var arguments = new Dictionary<string, string>();
        var stages = new List<DockerStage>();
        foreach (var instruction in Parse(File.ReadAllLines(Path.Combine(Repository.Root, "Dockerfile"))))
        {
            if (instruction.Name == "FROM")
            {
                var image = arguments.Aggregate(
                    instruction.Words[0], (text, a) => text.Replace($"${{{a.Key}}}", a.Value, StringComparison.Ordinal));
                instruction.Words.Count.ShouldBe(3, $"FROM {instruction.Arguments}: every stage has a name");
                stages.Add(new DockerStage(image, instruction.Words[2], []));
            }
            else if (stages.Count == 0)
            {
                instruction.Name.ShouldBe("ARG");
                var pair = instruction.Arguments.Split('=', 2);
                arguments[pair[0]] = pair[1];
            }
            else
            {
                stages[^1].Instructions.Add(instruction);
            }
        }

        return new DockerfileModel(stages);
    }

    public DockerStage this[string name] => Stages.Single(s => s.Name == name);

    /// <summary>The instructions a final image has: those of a stage after those of the stages it builds on.</summary>
    public IReadOnlyList<DockerInstruction> Effective(string name)
    {
        var stage = this[name];
        return Stages.Any(s => s.Name == stage.Base)
            ? [.. Effective(stage.Base), .. stage.Instructions]
            : stage.Instructions;
    }

    private static IEnumerable<DockerInstruction> Parse(IEnumerable<string> lines)
    {
        var pending = "";
        foreach (var line in lines.Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith('#')))
        {
            pending += line.TrimEnd('\\');
            if (line.EndsWith('\\'))
            {
                continue;
            }

            var space = pending.IndexOf(' ', StringComparison.Ordinal);
            yield return new DockerInstruction(pending[..space].ToUpperInvariant(), pending[(space + 1)..].Trim());
            pending = "";
        }

        pending.ShouldBeEmpty("the last instruction ends in a continuation");
    }
}
