namespace Telemetry.Storage.Verification;

/// <summary>What reading a part back has shown.</summary>
internal enum PartVerdict
{
    /// <summary>All of it can be read.</summary>
    Sound,

    /// <summary>It is no longer there: merged or dropped meanwhile.</summary>
    Vanished,

    /// <summary>The engine says, twice, that its files are damaged. It has been noted and detached.</summary>
    Damaged,

    /// <summary>It could not be read now, for a reason that says nothing about its files. It stays, and is tried again.</summary>
    NotChecked,
}
