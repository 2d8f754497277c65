using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Support;

/// <summary>How a statement fails. The engine's codes are ClickHouse's own.</summary>
internal enum StoreFault
{
    /// <summary>The connection breaks before the engine has the statement.</summary>
    BrokenBefore,

    /// <summary>The engine ran it; the answer got lost.</summary>
    BrokenAfter,

    /// <summary>TIMEOUT_EXCEEDED.</summary>
    Timeout,

    /// <summary>MEMORY_LIMIT_EXCEEDED.</summary>
    Memory,

    /// <summary>An error nobody has thought of.</summary>
    Unknown,

    /// <summary>CHECKSUM_DOESNT_MATCH.</summary>
    Corruption,

    /// <summary>The answer ends in the middle. A statement without an answer fails as <see cref="BrokenAfter"/>.</summary>
    Short,

    /// <summary>No answer until the caller gives up or the script lets go; then the connection breaks.</summary>
    Hang,
}

internal static class StoreFaults
{
    public static IReadOnlyList<StoreFault> All { get; } = Enum.GetValues<StoreFault>();

    public static ClickHouseException Error(this StoreFault fault) => fault switch
    {
        StoreFault.Timeout => new ClickHouseException(159, "Code: 159. DB::Exception: Timeout exceeded: elapsed 60 seconds (scripted)"),
        StoreFault.Memory => new ClickHouseException(241, "Code: 241. DB::Exception: Memory limit exceeded (scripted)"),
        StoreFault.Unknown => new ClickHouseException(9999, "Code: 9999. DB::Exception: Nobody knows (scripted)"),
        StoreFault.Corruption => new ClickHouseException(40, "Code: 40. DB::Exception: Checksum doesn't match: corrupted data (scripted)"),
        _ => new ClickHouseException(0, "The connection broke (scripted)."),
    };
}
