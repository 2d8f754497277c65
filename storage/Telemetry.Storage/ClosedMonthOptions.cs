using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage;

/// <summary>When months that are over are merged to one part each: fewer files, and runs of a series as long as they get.</summary>
public sealed record ClosedMonthOptions : IValidatableObject
{
    /// <summary>Default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Start of the quiet hours, time of day on this machine: merges begin only in them. Default 01:00.</summary>
    public TimeSpan QuietFrom { get; init; } = TimeSpan.FromHours(1);

    /// <summary>End of the quiet hours; before the start: the next day; the same as the start: all day. Default 05:00. A merge that runs then is not broken off.</summary>
    public TimeSpan QuietTo { get; init; } = TimeSpan.FromHours(5);

    /// <summary>A month is closed this long after its end: late readings come until then. Default 3 days.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromDays(3);

    /// <summary>A month of a table that is larger than this, in bytes, is left to the engine's own merges. Default 200 GB.</summary>
    [Range(0, long.MaxValue)]
    public long BytesMax { get; init; } = 200_000_000_000;

    /// <summary>How often it is looked whether there is something to merge. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (QuietFrom < TimeSpan.Zero || QuietFrom >= TimeSpan.FromDays(1) || QuietTo < TimeSpan.Zero || QuietTo >= TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("QuietFrom and QuietTo are times of day: 0h up to 24h.", [nameof(QuietFrom), nameof(QuietTo)]);
        }

        if (Settled < TimeSpan.Zero)
        {
            yield return new ValidationResult("Settled must not be negative.", [nameof(Settled)]);
        }
    }

    /// <summary>True: this time of day is within the quiet hours.</summary>
    internal bool IsQuiet(TimeSpan timeOfDay) => QuietFrom < QuietTo
        ? timeOfDay >= QuietFrom && timeOfDay < QuietTo
        : QuietFrom == QuietTo || timeOfDay >= QuietFrom || timeOfDay < QuietTo;
}
