namespace Telemetry.Contracts.Readings;

/// <summary>
/// Which column of the buffer a field fills. Columns carry the field numbers of version 1; those that only version 2 has
/// carry numbers that no field of version 1 will get.
/// </summary>
internal static class ReadingBatchFields
{
    public const int Interval = -1;
    public const int FloatValues = -2;
    public const int Count = 15;
    public const int TimesAssigned = 16;
    public const int SequenceDeltas = 17;

    /// <summary>A field that this version does not have: passed over.</summary>
    private const int None = 0;

    private static ReadOnlySpan<sbyte> Version2 =>
        [None, 1, 2, 3, 4, 5, 6, None, None, None, Interval, 7, 8, FloatValues, 9, Count, TimesAssigned, SequenceDeltas];

    /// <param name="version">Layout.</param>
    /// <param name="field">Field number, at least 1.</param>
    public static int Column(ReadingBatchVersion version, int field) =>
        version == ReadingBatchVersion.V1 ? field
        : field < Version2.Length ? Version2[field]
        : None;
}
