using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>Anomalies and device events.</summary>
internal static class EventEndpoints
{
    private static readonly ParameterSpec Kind = new(
        "kind", "Only this kind: " + string.Join(", ", AnomalyKinds.ByName.Keys) + ".", "spike");

    private static readonly ParameterSpec EventKind = new(
        "kind", "Only this kind: " + string.Join(", ", DeviceEventKinds.ByName.Keys) + ".", "silent");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "anomalies", "/anomalies", "Anomalies, newest first",
            "Columns: time, device, sensor, kind, value, score, pValue, martingale, detector, mode, reason. Default range: the last 24 hours.",
            [
                CommonParameters.Device, CommonParameters.Sensor, Kind, CommonParameters.From, CommonParameters.To,
                CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format,
            ],
            ApiEndpoint.Tables,
            AnomaliesAsync),
        new(
            "device-events", "/device-events", "Device events, newest first",
            "Columns: time, device, kind, detail, figure. Default range: the last 24 hours.",
            [
                CommonParameters.Device, EventKind, CommonParameters.From, CommonParameters.To,
                CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format,
            ],
            ApiEndpoint.Tables,
            DeviceEventsAsync),
    ];

    private static Task AnomaliesAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var filters = new Filters()
            .Equal("device", "String", parameters.Name(CommonParameters.Device))
            .Equal("sensor", "String", parameters.Name(CommonParameters.Sensor))
            .Equal("kind", "String", parameters.Choice(Kind, AnomalyKinds.ByName) is { } kind ? AnomalyKinds.Name(kind) : null)
            .Within("event_time", parameters.Range(TimeSpan.FromDays(1)));
        return TableAnswer.WriteAsync(request, "anomalies", EventSql.Anomalies(filters), filters.Values);
    }

    private static Task DeviceEventsAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var filters = new Filters()
            .Equal("device", "String", parameters.Name(CommonParameters.Device))
            .Equal("kind", "String", parameters.Choice(EventKind, DeviceEventKinds.ByName) is { } kind ? DeviceEventKinds.Name(kind) : null)
            .Within("event_time", parameters.Range(TimeSpan.FromDays(1)));
        return TableAnswer.WriteAsync(request, "events", EventSql.DeviceEvents(filters), filters.Values);
    }
}
