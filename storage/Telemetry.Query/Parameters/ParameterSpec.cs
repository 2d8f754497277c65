using Telemetry.Contracts.Text;

namespace Telemetry.Query.Parameters;

/// <summary>One parameter of an endpoint: read by the handler, checked against typing errors, and shown in OpenAPI.</summary>
internal sealed record ParameterSpec(string Name, string Description, string Example, bool Required = false, bool InPath = false);

/// <summary>Parameters that mean the same everywhere.</summary>
internal static class CommonParameters
{
    public static readonly ParameterSpec DevicePath = new("device", "Device id.", "press-07", Required: true, InPath: true);

    public static readonly ParameterSpec SensorPath = new(
        "sensor", "Sensor name; a slash in it is written %2F.", "temperature", Required: true, InPath: true);

    public static readonly ParameterSpec Device = new("device", "Device id.", "press-07");

    public static readonly ParameterSpec Sensor = new("sensor", "Sensor name.", "temperature");

    public static readonly ParameterSpec From = new(
        "from", $"Start, inclusive: {TimeText.Example}. Default now-1h.", "now-1h");

    public static readonly ParameterSpec To = new("to", $"End, exclusive: {TimeText.Example}. Default now.", "now");

    public static readonly ParameterSpec Step = new(
        "step",
        "auto (raw when there are no more readings than points, else the rollup that fits), raw, 1m, 1h, 1d, or any duration "
        + "such as 15m or PT15M.",
        "auto");

    public static readonly ParameterSpec Zone = new(
        "tz", "Time zone (IANA) in which days begin, where the step is whole days. Default UTC.", "Asia/Kolkata");

    public static readonly ParameterSpec Points = new("points", "Points wanted with step=auto, and the most given.", "1000");

    public static readonly ParameterSpec Limit = new("limit", "Rows of one page.", "100");

    public static readonly ParameterSpec Offset = new("offset", "Rows to skip; take it from 'next' of the page before.", "0");

    public static readonly ParameterSpec Format = new(
        "format", "json, csv or jsonl; where the answer can be one, parquet or arrow. Without it the Accept header decides (application/json, text/csv, application/x-ndjson, "
        + OutputFormats.ParquetType + ", " + OutputFormats.ArrowType + ").", "csv");

    public static readonly ParameterSpec Cursor = new(
        "cursor", "Where the page begins: 'nextCursor' of the page before. Rows that come or go meanwhile move nothing.", "cHJlc3MtMDc");

    public static readonly ParameterSpec Search = new(
        "search", "Only names that contain this text, upper and lower case alike.", "press");
}
