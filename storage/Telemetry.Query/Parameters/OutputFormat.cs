namespace Telemetry.Query.Parameters;

/// <summary>How an answer is written.</summary>
internal enum OutputFormat
{
    Json,
    Csv,
    JsonLines,
}
