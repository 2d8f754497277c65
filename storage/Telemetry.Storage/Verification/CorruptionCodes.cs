namespace Telemetry.Storage.Verification;

/// <summary>
/// Errors of the engine that say a part's files are damaged. Nothing else does: a deadline, a memory limit or an error of another kind says
/// that the part could not be read now, and a part is never taken away for that.
/// </summary>
internal static class CorruptionCodes
{
    /// <summary>Codes and the engine's names for them.</summary>
    public static readonly IReadOnlyDictionary<int, string> All = new Dictionary<int, string>
    {
        [9] = "SIZES_OF_COLUMNS_DOESNT_MATCH",
        [32] = "ATTEMPT_TO_READ_AFTER_EOF",
        [33] = "CANNOT_READ_ALL_DATA",
        [40] = "CHECKSUM_DOESNT_MATCH",
        [107] = "FILE_DOESNT_EXIST",
        [226] = "NO_FILE_IN_DATA_PART",
        [227] = "UNEXPECTED_FILE_IN_DATA_PART",
        [228] = "BAD_SIZE_OF_FILE_IN_DATA_PART",
        [246] = "CORRUPTED_DATA",
        [271] = "CANNOT_DECOMPRESS",
        [432] = "UNKNOWN_CODEC",
    };

    public static bool Contains(int code) => All.ContainsKey(code);
}
