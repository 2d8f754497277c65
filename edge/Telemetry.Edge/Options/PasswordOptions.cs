using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>Checking passwords.</summary>
public sealed record PasswordOptions
{
    /// <summary>
    /// Memory that all password hashes computed at once may take, in bytes; bounds how many are, together with half the cores. A user whose
    /// hash alone needs more is refused at start. Default 64 MiB.
    /// </summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long HashingMemoryMax { get; init; } = 64L * 1024 * 1024;
}
