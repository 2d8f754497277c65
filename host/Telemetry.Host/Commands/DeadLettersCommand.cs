using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Replay;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Operations.DeadLetters;

namespace Telemetry.Host.Commands;

/// <summary>What was refused: list it, look at one, send it through the bridge again.</summary>
internal static class DeadLettersCommand
{
    private const int SomeRefused = 1;

    public static Command Create() => new("dead-letters", "What was refused, and why: list it, show one, replay it.")
    {
        CreateList(), CreateShow(), CreateReplay(),
    };

    private static Command CreateList()
    {
        var filter = new DeadLetterFlags();
        var limit = new Option<int>("--limit") { Description = "Newest letters shown (default 50).", DefaultValueFactory = _ => 50 };
        var json = new Option<bool>("--json") { Description = "One JSON object for each letter, one a line." };
        var command = new Command("list", "Lists dead letters, oldest first.") { limit, json };
        filter.AddTo(command);
        return WithLetters(command, async (result, letters, cancellationToken) =>
        {
            var list = await letters.ListAsync(filter.Read(result), Math.Clamp(result.GetValue(limit), 1, 100_000), cancellationToken);
            var output = result.InvocationConfiguration.Output;
            foreach (var entry in list.Entries)
            {
                await output.WriteLineAsync(result.GetValue(json)
                    ? JsonSerializer.Serialize(DeadLetterText.Describe(entry, payload: false))
                    : DeadLetterText.Line(entry));
            }

            if (!result.GetValue(json))
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{list.Entries.Count} of {list.Matching} shown, {list.Open} open in all. Next: ./telemetry dead-letters show PARTITION/OFFSET"));
            }

            return 0;
        });
    }

    private static Command CreateShow()
    {
        var id = new Argument<string>("id") { Description = "PARTITION/OFFSET." };
        var file = new Option<string?>("--payload") { Description = "Write the original bytes to this file." };
        var json = new Option<bool>("--json") { Description = "JSON, with the payload in base64." };
        var command = new Command("show", "Shows one dead letter with its payload.") { id, file, json };
        return WithLetters(command, async (result, letters, cancellationToken) =>
        {
            var entry = await FindAsync(letters, result.GetValue(id)!, cancellationToken);
            if (result.GetValue(file) is { } path)
            {
                await File.WriteAllBytesAsync(path, entry.Letter.Payload.ToByteArray(), cancellationToken);
            }

            await result.InvocationConfiguration.Output.WriteLineAsync(result.GetValue(json)
                ? JsonSerializer.Serialize(DeadLetterText.Describe(entry, payload: true))
                : DeadLetterText.Page(entry));
            return 0;
        });
    }

    private static Command CreateReplay()
    {
        var ids = new Argument<string[]>("id") { Description = "PARTITION/OFFSET, one or more.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "All open letters that match the filter." };
        var fix = new Option<bool>("--fix")
        {
            Description = "Fix what can be fixed: impossible event times become the time of the refusal (quality uncertain), a wrong device becomes the topic's.",
        };
        var payload = new Option<string?>("--payload") { Description = "Take this file's bytes instead of the letter's; for one letter." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would happen to each; change nothing." };
        var filter = new DeadLetterFlags();
        var command = new Command(
            "replay",
            "Sends dead letters through the bridge again, each in one transaction with the mark that it is resolved. Ends with code 1 when one was refused again.")
        {
            ids, all, fix, payload, dryRun,
        };
        filter.AddTo(command);
        return WithLetters(command, async (result, letters, cancellationToken) =>
        {
            var chosen = (result.GetValue(ids) ?? []).Select(DeadLetterId.Parse).ToList();
            if (chosen.Count == 0 == !result.GetValue(all) || (result.GetValue(payload) is not null && chosen.Count != 1))
            {
                throw new FormatException("Give the letters to replay, or --all; and --payload only with one letter.");
            }

            var how = new ReplayOptions
            {
                Fix = result.GetValue(fix),

                // Without the cast, null would become an empty payload: an array converts, and a null array is no memory.
                Payload = result.GetValue(payload) is { } path ? await File.ReadAllBytesAsync(path, cancellationToken) : (ReadOnlyMemory<byte>?)null,
            };
            var refused = 0;
            await foreach (var entry in ChooseAsync(letters, chosen, filter.Read(result), cancellationToken))
            {
                var outcome = await letters.ReplayAsync(entry, how, result.GetValue(dryRun), cancellationToken);
                refused += outcome.Outcome == ReplayOutcome.Refused ? 1 : 0;
                await result.InvocationConfiguration.Output.WriteLineAsync($"{entry.Id}  {DeadLetterText.Name(outcome.Outcome)}  {outcome.Detail}");
            }

            return refused == 0 ? 0 : SomeRefused;
        });
    }

    private static async IAsyncEnumerable<DeadLetterEntry> ChooseAsync(
        ILetters letters,
        List<DeadLetterId> chosen,
        DeadLetterFilter filter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var id in chosen)
        {
            yield return await FindAsync(letters, id.ToString(), cancellationToken);
        }

        if (chosen.Count > 0)
        {
            yield break;
        }

        await foreach (var entry in letters.AllAsync(filter, cancellationToken))
        {
            yield return entry;
        }
    }

    private static async Task<DeadLetterEntry> FindAsync(ILetters letters, string id, CancellationToken cancellationToken) =>
        await letters.FindAsync(DeadLetterId.Parse(id), cancellationToken)
        ?? throw new FormatException($"There is no dead letter {id} (any more). ./telemetry dead-letters list shows what there is.");

    private static Command WithLetters(Command command, Func<ParseResult, ILetters, CancellationToken, Task<int>> run)
    {
        var shared = new SharedOptions();
        var token = new TokenOption();
        ClusterFlags.AddTo(shared);
        token.AddTo(command);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Warning }, console: true);
            await using ILetters letters = RunningInstance.Find(options, token, result) is { } instance
                ? new LettersOfInstance(instance)
                : await LettersOnLog.OpenAsync(options, logging, cancellationToken);
            return await run(result, letters, cancellationToken);
        });
        return command;
    }
}
