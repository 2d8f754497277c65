namespace Telemetry.Host.Backup;

/// <summary>One file of a backup.</summary>
/// <param name="Path">Where it belongs below a data directory.</param>
/// <param name="Bytes">How many of its bytes belong to the backup; a file that is appended to may have more by now.</param>
/// <param name="Source">Where it is read from; null once it is in the backup.</param>
/// <param name="Sha256">Of these bytes, hexadecimal; null before they are copied.</param>
/// <param name="Link">Target, where it is a symbolic link; it has no bytes then.</param>
internal sealed record BackupFile(string Path, long Bytes, string? Source = null, string? Sha256 = null, string? Link = null);
