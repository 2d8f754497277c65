using Telemetry.Contracts.V1;

namespace Telemetry.Query.Catalogue;

/// <summary>How entries are to be put.</summary>
/// <param name="By">Who.</param>
/// <param name="Comment">Why.</param>
public sealed record CatalogueWrite(string By, string Comment)
{
    /// <summary>Version the entry must have; 0: there must be none. Null: whatever there is.</summary>
    public ulong? ExpectedVersion { get; init; }

    /// <summary>True: entries of people that are not among these are deleted.</summary>
    public bool DeletesOthers { get; init; }

    /// <summary>True: nothing is written.</summary>
    public bool IsDryRun { get; init; }
}

/// <summary>What became of entries.</summary>
/// <param name="Added">New ones.</param>
/// <param name="Changed">Those that said something else before.</param>
/// <param name="Unchanged">Those that said the same; they are not written.</param>
/// <param name="Deleted">Those that are gone.</param>
/// <param name="Written">What is on the log now, or would be.</param>
public sealed record CatalogueChanges(int Added, int Changed, int Unchanged, int Deleted, IReadOnlyList<CatalogueEntry> Written);

/// <summary>The entry is not at the version that was expected.</summary>
/// <param name="found">Its version; 0: there is none.</param>
public sealed class CatalogueConflictException(ulong found)
    : InvalidOperationException(found == 0 ? "There is no such entry." : $"The entry is at version {found}.")
{
    /// <summary>The version there is.</summary>
    public ulong Found { get; } = found;
}
