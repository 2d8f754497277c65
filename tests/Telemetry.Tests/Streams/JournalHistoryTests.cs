using System.Diagnostics;
using System.Globalization;
using CsCheck;

namespace Telemetry.Tests.Streams;

/// <summary>
/// Random histories of appends, transactions, fences, disk faults, full disks, crashes and starts, on a simulated disk and
/// against a model. Seconds by default; TELEMETRY_MODEL_SECONDS=600 runs for ten minutes. TELEMETRY_MODEL_SEED repeats the
/// one history that a failure prints, for all that time: its threads race, so one run may pass.
/// </summary>
public sealed class JournalHistoryTests
{
    private const int DefaultSeconds = 10;

    private static readonly Gen<JournalStep> Step = Gen.Frequency(
        (8, Gen.Const(JournalStep.Append)),
        (3, Gen.Const(JournalStep.Flush)),
        (5, Gen.Const(JournalStep.Transact)),
        (4, Gen.Const(JournalStep.Commit)),
        (1, Gen.Const(JournalStep.Abort)),
        (1, Gen.Const(JournalStep.Fence)),
        (4, Gen.Const(JournalStep.CommitWhileFenced)),
        (2, Gen.Const(JournalStep.CommitWhileTimedOut)),
        (1, Gen.Const(JournalStep.CommitAndCrash)),
        (1, Gen.Const(JournalStep.CommitOffsets)),
        (2, Gen.Const(JournalStep.Maintain)),
        (1, Gen.Const(JournalStep.Check)),
        (2, Gen.Const(JournalStep.ArmFault)),
        (1, Gen.Const(JournalStep.FillDisk)),
        (2, Gen.Const(JournalStep.FreeDisk)),
        (1, Gen.Const(JournalStep.Reopen)),
        (1, Gen.Const(JournalStep.Crash)));

    [Fact]
    public async Task Any_history_keeps_what_was_promised_and_answers_every_call()
    {
        var seconds = int.TryParse(
            Environment.GetEnvironmentVariable("TELEMETRY_MODEL_SECONDS"), CultureInfo.InvariantCulture, out var asked)
            ? asked
            : DefaultSeconds;
        var runs = 0;
        var histories = Gen.Select(Gen.Int[0, int.MaxValue - 1], Step.Array[1, 60]);
        if (Environment.GetEnvironmentVariable("TELEMETRY_MODEL_SEED") is { Length: > 0 } printed)
        {
            await RepeatAsync(histories.Single(_ => true, printed), TimeSpan.FromSeconds(seconds));
            return;
        }

        await histories.SampleAsync(
            async (seed, steps) =>
            {
                await JournalHistory.RunAsync(seed, steps);
                Interlocked.Increment(ref runs);
            },
            time: seconds,
            threads: 2);
        TestContext.Current.SendDiagnosticMessage($"{runs} histories in {seconds} s");
        runs.ShouldBeGreaterThan(10);
    }

    private static async Task RepeatAsync((int Seed, JournalStep[] Steps) history, TimeSpan time)
    {
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", history.Steps));
        var runs = 0;
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time; runs++)
        {
            try
            {
                await JournalHistory.RunAsync(history.Seed, history.Steps);
            }
            catch
            {
                TestContext.Current.SendDiagnosticMessage($"run {runs + 1} failed");
                throw;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{runs} runs of one history");
    }
}
