namespace Telemetry.Query.Series;

/// <summary>How raw values are written: never NaN or infinity in a number's place, in any format.</summary>
internal static class RawColumns
{
    public const string Value = "if(isFinite(readings_data.value), readings_data.value, NULL) AS value";

    /// <summary>What a value that is not finite was; empty for the others.</summary>
    public const string Special =
        "multiIf(isFinite(readings_data.value), '', isNaN(readings_data.value), 'NaN', readings_data.value > 0, 'Infinity', '-Infinity') AS special";
}
