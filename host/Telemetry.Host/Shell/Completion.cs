using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;

namespace Telemetry.Host.Shell;

/// <summary>
/// Completion scripts. They hold every command and option, so that the Tab key does not start a process.
/// </summary>
internal static class Completion
{
    private const string Names = "telemetry ./telemetry";

    /// <summary>Words of the launcher of a checkout, beside those of the program.</summary>
    private static readonly string[] Launcher = ["setup", "test", "bench", "chaos", "conformance", "fuzz", "pack"];

    public static string Bash(RootCommand root)
    {
        var script = new StringBuilder(
            """
            # Completion of telemetry for bash: eval "$(telemetry completion bash)"
            _telemetry() {
              local at='' i current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=''
              COMPREPLY=()
              for ((i = 1; i < COMP_CWORD; i++)); do
                case "$at ${COMP_WORDS[i]}" in

            """);
        var commands = CommandText.Walk(root).ToList();
        script.Append("      ").AppendJoin('|', commands.Select(c => $"' {c.Path}'")).Append(") at=\"$at ${COMP_WORDS[i]}\" ;;\n");
        script.Append("    esac\n  done\n  case \"$at $previous\" in\n");
        foreach (var (path, option) in commands.SelectMany(c => CommandText.Options(c.Command).Select(o => (c.Path, Option: o))))
        {
            if (Values(option) is { Length: > 0 } values)
            {
                script.Append("    ' ").Append(path).Append(' ').Append(option.Name).Append("') words='").Append(values).Append("' ;;\n");
            }
            else if (TakesValue(option))
            {
                script.Append("    ' ").Append(path).Append(' ').Append(option.Name).Append("') return ;;\n");
            }
        }

        script.Append("  esac\n  if [ -z \"$words\" ]; then\n    case \"$at\" in\n");
        script.Append("      '') words='").AppendJoin(' ', root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).Concat(Launcher)).Append(" --help' ;;\n");
        foreach (var (path, command) in commands)
        {
            script.Append("      ' ").Append(path).Append("') words='").Append(Words(command)).Append("' ;;\n");
        }

        return script.Append("    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n")
            .Append("complete -o default -F _telemetry ").Append(Names).Append('\n').ToString();
    }

    public static string Zsh(RootCommand root)
    {
        var script = new StringBuilder(
            """
            # Completion of telemetry for zsh: eval "$(telemetry completion zsh)", after compinit
            _telemetry() {
              local at='' i
              local -a choices
              for ((i = 2; i < CURRENT; i++)); do
                case "$at ${words[i]}" in

            """);
        var commands = CommandText.Walk(root).ToList();
        script.Append("      ").AppendJoin('|', commands.Select(c => $"' {c.Path}'")).Append(") at=\"$at ${words[i]}\" ;;\n");
        script.Append("    esac\n  done\n  case \"$at ${words[CURRENT-1]}\" in\n");
        foreach (var (path, option) in commands.SelectMany(c => CommandText.Options(c.Command).Select(o => (c.Path, Option: o))))
        {
            if (Values(option) is { Length: > 0 } values)
            {
                script.Append("    ' ").Append(path).Append(' ').Append(option.Name).Append("') compadd ").Append(values).Append("; return ;;\n");
            }
            else if (TakesValue(option))
            {
                script.Append("    ' ").Append(path).Append(' ').Append(option.Name).Append("') _files; return ;;\n");
            }
        }

        script.Append("  esac\n  case \"$at\" in\n");
        Describe(script, "", root.Subcommands.Where(c => !c.Hidden), Launcher);
        foreach (var (path, command) in commands)
        {
            Describe(
                script, " " + path, command.Subcommands.Where(c => !c.Hidden).Concat<Symbol>(CommandText.Options(command)),
                command.Arguments.SelectMany(a => a.GetCompletions(CompletionContext.Empty)).Select(c => c.Label));
        }

        return script.Append("  esac\n  _describe telemetry choices || _files\n}\ncompdef _telemetry ").Append(Names).Append('\n').ToString();
    }

    private static void Describe(StringBuilder script, string path, IEnumerable<Symbol> symbols, IEnumerable<string> words)
    {
        script.Append("    '").Append(path).Append("') choices=(");
        script.AppendJoin(' ', symbols.Select(s => $"'{s.Name}:{Quoted(CommandText.FirstSentence(s))}'").Concat(words.Select(w => $"'{w}'"))).Append(") ;;\n");
    }

    /// <summary>Within single quotes, where a colon ends the word that is described.</summary>
    private static string Quoted(string text) =>
        text.Replace("'", "'\\''", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static string Words(Command command) => string.Join(' ', command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)
        .Concat(command.Arguments.SelectMany(a => a.GetCompletions(CompletionContext.Empty)).Select(c => c.Label))
        .Concat(CommandText.Options(command).Select(o => o.Name)).Append("--help"));

    private static string Values(Option option) =>
        option.ValueType == typeof(bool) ? "" : string.Join(' ', option.GetCompletions(CompletionContext.Empty).Select(c => c.Label));

    private static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;
}
