using System.Globalization;
using Telemetry.Query.Access;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Limits;

/// <summary>The SETTINGS clause that bounds a query in the engine and fixes how values are written.</summary>
internal static class QuerySettings
{
    public static string For(QueryOptions options, DeviceScope devices) => Build(options.QueryTimeMax, options, options.RowsReadMax) + devices.EngineSettings();

    public static string ForExport(QueryOptions options, DeviceScope devices) => Build(options.ExportTimeMax, options, rowsRead: 0) + devices.EngineSettings();

    private static string Build(TimeSpan time, QueryOptions options, long rowsRead) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
         SETTINGS max_execution_time={time.TotalSeconds:0.###}, timeout_overflow_mode='throw', max_memory_usage={options.QueryMemoryMax}, max_threads={options.QueryThreadsMax}, max_rows_to_read={rowsRead}, read_overflow_mode='throw', date_time_output_format='iso', output_format_json_quote_64bit_integers=0, output_format_json_quote_denormals=0, output_format_json_escape_forward_slashes=0, format_csv_null_representation=''
         """);
}
