namespace Telemetry.Storage.Ownership;

/// <summary>Another sink has claimed partitions of ours. Nothing was written; whoever still owns them claims again and compares.</summary>
internal sealed class ClaimLostException(string message, Exception? inner = null) : Exception(message, inner);
