namespace Telemetry.Query.Parameters;

/// <summary>How an answer is written.</summary>
internal enum OutputFormat
{
    Json,
    Csv,
    JsonLines,

    /// <summary>A Parquet file.</summary>
    Parquet,

    /// <summary>Apache Arrow's stream format.</summary>
    Arrow,
}

/// <summary>Facts about the formats.</summary>
internal static class OutputFormats
{
    public const string ParquetType = "application/vnd.apache.parquet";
    public const string ArrowType = "application/vnd.apache.arrow.stream";

    /// <summary>Content type of an answer.</summary>
    public static string ContentType(this OutputFormat format) => format switch
    {
        OutputFormat.Csv => "text/csv; charset=utf-8; header=present",
        OutputFormat.JsonLines => "application/x-ndjson",
        OutputFormat.Parquet => ParquetType,
        OutputFormat.Arrow => ArrowType,
        _ => "application/json",
    };

    /// <summary>Name of the format in the engine, which writes all of them but JSON.</summary>
    public static string EngineName(this OutputFormat format) => format switch
    {
        OutputFormat.Csv => "CSVWithNames",
        OutputFormat.Parquet => "Parquet",
        OutputFormat.Arrow => "ArrowStream",
        _ => "JSONEachRow",
    };

    /// <summary>Ending of a file.</summary>
    public static string Ending(this OutputFormat format) => format switch
    {
        OutputFormat.Csv => "csv",
        OutputFormat.JsonLines => "jsonl",
        OutputFormat.Parquet => "parquet",
        OutputFormat.Arrow => "arrows",
        _ => "json",
    };

    /// <summary>True: rows can be counted by their line ends.</summary>
    public static bool IsText(this OutputFormat format) => format is OutputFormat.Csv or OutputFormat.JsonLines;
}
