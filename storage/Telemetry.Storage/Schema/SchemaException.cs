namespace Telemetry.Storage.Schema;

/// <summary>The database is not what this program's migrations made. The message says what differs and what to do.</summary>
public sealed class SchemaException(string message) : Exception(message);
