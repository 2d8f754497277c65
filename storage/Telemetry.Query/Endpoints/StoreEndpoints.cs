using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sizes;

namespace Telemetry.Query.Endpoints;

/// <summary>What the store takes on disk, and what that of a site will.</summary>
internal static class StoreEndpoints
{
    private static readonly ParameterSpec Devices = new("devices", "Devices.", "10000", Required: true);
    private static readonly ParameterSpec Sensors = new("sensors", "Sensors of a device.", "9", Required: true);
    private static readonly ParameterSpec Interval = new("interval", "Time between two readings of a sensor.", "30s", Required: true);
    private static readonly ParameterSpec Kind = new("kind", "What the readings are like: regular, jitter (default), bursts or states.", "jitter");
    private static readonly ParameterSpec Span = new("span", "Time that is planned for. Default 730d.", "730d");
    private static readonly ParameterSpec RawRetention = new("rawRetention", "How long raw readings are kept. Default 730d.", "730d");
    private static readonly ParameterSpec MinuteRetention = new("minuteRetention", "How long minutes are kept, 0s: not at all. Default 7d.", "7d");
    private static readonly ParameterSpec Disk = new("disk", "Bytes of a disk to fit into.", "250000000000");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "store-size", "/store/size", "What the store takes on disk",
            "Bytes, rows, parts and files by table and column, the largest first, and the parts that merges have replaced and that are still there. 'bytesPerReading' is by the raw readings "
            + "held, marker rows included. A column's bytes are known in wide parts only (from 10 MB on). On a cluster: all replicas together.",
            [], ApiEndpoint.Json, SizeAsync),
        new(
            "store-plan", "/store/plan", "What the store of a site will take",
            "Bytes by table, from measured bytes a reading ('measuredBy' says how), bytes written to disk a day, and, with 'disk', how many days fit nine tenths of it. Asks no store.",
            [Devices, Sensors, Interval, Kind, Span, RawRetention, MinuteRetention, Disk], ApiEndpoint.Json, PlanAsync),
    ];

    private const long CountMax = 1_000_000_000;

    private static async Task SizeAsync(ApiRequest request)
    {
        StoreSize size;
        using (await request.Parts.Gate.EnterAsync(request.Aborted))
        {
            size = await StoreSizeReader.ReadAsync(request.Parts.Services.ClickHouse, request.Parts.Services.Time, QueryKind.Reader, request.Aborted);
        }

        await WriteAsync(request, size);
    }

    private static Task PlanAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var site = new SitePlan(
            Count(parameters, Devices), Count(parameters, Sensors), Time(parameters, Interval, null), parameters.Choice(Kind, DataKinds.Names) ?? DataKind.Jitter, Time(parameters, Span, 730),
            Time(parameters, RawRetention, 730), Time(parameters, MinuteRetention, 7));
        double? disk = parameters.Text(Disk) switch
        {
            null => null,
            { } text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0 => bytes,
            { } text => throw ApiProblem.BadParameter(Disk.Name, $"'{text}' is not a number of bytes.", Disk.Example),
        };
        return WriteAsync(request, site.Work(disk));
    }

    private static long Count(ApiParameters parameters, ParameterSpec spec) =>
        long.TryParse(parameters.Text(spec), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= CountMax
            ? count
            : throw ApiProblem.BadParameter(spec.Name, $"'{spec.Name}' is a number from 1 to {CountMax}.", spec.Example);

    private static TimeSpan Time(ApiParameters parameters, ParameterSpec spec, int? days) => parameters.Text(spec) switch
    {
        null => TimeSpan.FromDays(days!.Value),
        { } text when DurationText.TryParse(text, out var time) && (time > TimeSpan.Zero || (time == TimeSpan.Zero && spec == MinuteRetention)) => time,
        { } text => throw ApiProblem.BadParameter(spec.Name, $"'{text}' is not a duration above zero.", spec.Example),
    };

    private static Task WriteAsync<T>(ApiRequest request, T answer)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(request.Response.Body, answer, JsonSerializerOptions.Web, request.Aborted);
    }
}
