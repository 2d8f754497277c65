namespace Telemetry.Tests.Streams;

/// <summary>What a program does to the log, or the world to the program.</summary>
public enum JournalStep
{
    Append,
    Flush,
    Transact,
    Commit,
    Abort,
    Fence,
    CommitWhileFenced,
    CommitWhileTimedOut,
    CommitAndCrash,
    CommitOffsets,
    Maintain,
    Check,
    ArmFault,
    FillDisk,
    FreeDisk,
    Reopen,
    Crash,
}
