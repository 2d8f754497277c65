using System.Globalization;
using Telemetry.Contracts.V1;

namespace Telemetry.Bridge.DeadLetters;

/// <summary>A dead letter where it lies on the log.</summary>
/// <param name="Id">Its place.</param>
/// <param name="Letter">What it says.</param>
/// <param name="Key">Key of its record.</param>
/// <param name="Resolution">What was done about it; null while it is open.</param>
public sealed record DeadLetterEntry(DeadLetterId Id, DeadLetter Letter, ReadOnlyMemory<byte> Key, string? Resolution)
{
    /// <summary>When it was refused.</summary>
    public DateTimeOffset RefusedAt => DateTimeOffset.UnixEpoch.AddTicks(
        Math.Clamp(Letter.RefusedAtUs, 0, 253_402_300_799_000_000) * TimeSpan.TicksPerMicrosecond);
}

/// <summary>Partition and offset in <see cref="Contracts.LogTopics.DeadLetters"/>, written <c>2/17</c>.</summary>
public readonly record struct DeadLetterId(int Partition, long Offset)
{
    /// <exception cref="FormatException">Not PARTITION/OFFSET.</exception>
    public static DeadLetterId Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && int.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new DeadLetterId(partition, offset)
            : throw new FormatException($"'{text}' is not a dead letter. Give PARTITION/OFFSET as ./telemetry dead-letters list shows it, for example 2/17.");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Partition}/{Offset}");
}
