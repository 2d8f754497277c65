using System.Globalization;
using CsCheck;

namespace Telemetry.Tests.Streams;

/// <summary>
/// Random histories of appends, transactions, fences, disk faults, full disks, crashes and starts, on a simulated disk and
/// against a model. Seconds by default; TELEMETRY_MODEL_SECONDS=600 runs for ten minutes, TELEMETRY_MODEL_SEED repeats
/// what a failure prints.
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
        await Gen.Select(Gen.Int[0, int.MaxValue - 1], Step.Array[1, 60]).SampleAsync(
            async (seed, steps) =>
            {
                await JournalHistory.RunAsync(seed, steps);
                Interlocked.Increment(ref runs);
            },
            seed: Environment.GetEnvironmentVariable("TELEMETRY_MODEL_SEED"),
            time: seconds,
            threads: 2);
        TestContext.Current.SendDiagnosticMessage($"{runs} histories in {seconds} s");
        runs.ShouldBeGreaterThan(10);
    }
}
