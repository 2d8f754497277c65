using System.Globalization;
using Telemetry.Streams;

namespace Telemetry.Storage.Writing;

/// <summary>What is kept with the offsets of a checkpoint: until when the parts of the tables had been read back.</summary>
internal static class CheckpointNote
{
    private const string Prefix = "v1;";

    /// <param name="checkedUntil">Every part written before has been read back; null: none has.</param>
    public static string Of(DateTimeOffset? checkedUntil) =>
        $"{Prefix}{(checkedUntil?.ToUnixTimeMilliseconds() ?? 0).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The moment of a note; null when it does not say.</summary>
    public static DateTimeOffset? Read(CommittedOffset committed) =>
        committed.Metadata.StartsWith(Prefix, StringComparison.Ordinal)
        && long.TryParse(committed.Metadata.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : null;
}
