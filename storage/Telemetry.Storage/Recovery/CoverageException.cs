namespace Telemetry.Storage.Recovery;

/// <summary>What the tables hold cannot be told from their markers, and nobody but an operator can mend it.</summary>
internal sealed class CoverageException(string message) : Exception(message);
