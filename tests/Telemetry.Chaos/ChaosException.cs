namespace Telemetry.Chaos;

/// <summary>The run cannot go on, or a schedule failed before its audit; the message says what and where.</summary>
internal sealed class ChaosException(string message) : Exception(message);
