using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;

namespace Telemetry.Query.Parameters;

/// <summary>What a series was asked to be cut into.</summary>
/// <param name="Kind">Automatic, single readings, or fixed buckets.</param>
/// <param name="Microseconds">Length of a bucket when fixed.</param>
internal readonly record struct Step(StepKind Kind, long Microseconds = 0)
{
    public const long Second = 1_000_000;
    public const long Minute = 60 * Second;
    public const long Hour = 60 * Minute;
    public const long Day = 24 * Hour;

    public static Step Auto => new(StepKind.Auto);

    public static Step Raw => new(StepKind.Raw);

    public static Step Fixed(long microseconds) => new(StepKind.Fixed, microseconds);

    public static bool TryParse(string text, out Step step)
    {
        step = text switch { "auto" => Auto, "raw" => Raw, _ => default };
        if (text is "auto" or "raw")
        {
            return true;
        }

        if (!DurationText.TryParse(text, out var duration)
            || duration < TimeSpan.FromMilliseconds(1)
            || duration > TimeSpan.FromDays(366)
            || duration.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            return false;
        }

        step = Fixed(UnixMicros.From(duration));
        return true;
    }
}

internal enum StepKind
{
    Auto,
    Raw,
    Fixed,
}
