using System.Globalization;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Incidents: the newest record of each, or all records of one.</summary>
internal static class IncidentEndpoints
{
    private static readonly ParameterSpec Kind = new(
        "kind", "Only this kind: " + string.Join(", ", IncidentNames.Kinds.Keys) + ".", "level-shift");

    private static readonly ParameterSpec State = new("state", "Only those that go on (open) or are over (ended).", "open");

    private static readonly ParameterSpec Severity = new("severity", "Only those at least so severe, 0 to 1000.", "500");

    private static readonly ParameterSpec Id = new("id", "Only this incident, with all its records in their order.", "0191f2a7c3b8-5be1c9f0a4d27e36");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "incidents", "/incidents", "Incidents, newest first",
            "One row an incident, as it was last known, by the time it started; with 'id' all records of one. Columns: time (start), id, revision, state "
            + "(open, updated, ended), device, sensor (the first that showed it; empty: the device itself), kind, direction, severity, text, peakTime, "
            + "lastTime, endTime, duration (seconds so far), value (at the peak), usualLow, usualHigh, spreads, fromLevel, toLevel, runLength, "
            + "usualRunLength, score (-log10 p), unit, detail, sensors, parts (each sensor's share), sensorCount, detectors, late. Default range: the last 24 hours.",
            [
                CommonParameters.Device, CommonParameters.Sensor, Kind, State, Severity, Id, CommonParameters.From, CommonParameters.To,
                CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format,
            ],
            ApiEndpoint.Tables,
            IncidentsAsync),
    ];

    private static Task IncidentsAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var fixedOnes = new Filters().Equal("device", "String", parameters.Name(CommonParameters.Device));
        if (parameters.Text(Id) is { } id)
        {
            fixedOnes.Equal("id", "String", id).Within("event_time", StartOf(id));
            return TableAnswer.WriteAsync(request, "incidents", IncidentSql.Records(fixedOnes), fixedOnes.Values);
        }

        fixedOnes.Within("event_time", parameters.Range(TimeSpan.FromDays(1)));
        var changing = new Filters()
            .Equal("kind", "String", parameters.Choice(Kind, IncidentNames.Kinds) is { } kind ? IncidentNames.Name(kind) : null)
            .Has("sensors", "sensor", parameters.Name(CommonParameters.Sensor))
            .AtLeast("severity", parameters.Integer(Severity, 0, 0, 1000));
        if (parameters.Choice(State, IncidentNames.IsOpen) is { } isOpen)
        {
            changing.Is(isOpen ? "state != 'ended'" : "state = 'ended'");
        }

        return TableAnswer.WriteAsync(request, "incidents", IncidentSql.Newest(fixedOnes, changing), [.. fixedOnes.Values, .. changing.Values]);
    }

    /// <summary>An id begins with the millisecond of its start, so that the store need not look elsewhere.</summary>
    private static TimeRange StartOf(string id)
    {
        if (id.Length is > 13 and <= 64 && id[12] == '-'
            && long.TryParse(id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var startMs))
        {
            return new TimeRange(startMs * 1000, (startMs + 1) * 1000);
        }

        throw ApiProblem.BadParameter("id", "'id' is not the id of an incident: 12 hexadecimal digits, a hyphen, 16 more.", Id.Example);
    }
}
