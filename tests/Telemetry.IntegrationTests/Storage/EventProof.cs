using System.Globalization;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Compares the tables of anomalies, device events and incidents with their topics, row by row and column by column.</summary>
internal static class EventProof
{
    /// <summary>Adds what differs, and returns how many records cannot be stored.</summary>
    public static async Task<int> CompareAsync(IRecordLog log, IClickHouse clickHouse, List<string> differences)
    {
        var (anomalies, refused) = await ExpectedAsync(
            log, LogTopics.Anomalies, Anomaly.Parser, a => a.EventTimeUs, (a, _) => string.Join(
                '|', a.Device, a.Sensor, a.EventTimeUs, Number(a.Value), Kebab(a.Kind), a.Detector, Kebab(a.Mode), Number(a.Score), Number(a.PValue),
                Number(a.Martingale), a.BootId, a.Sequence, a.Reason));
        var (events, alsoRefused) = await ExpectedAsync(
            log, LogTopics.DeviceEvents, DeviceEvent.Parser, e => e.TimeUs, (e, offset) => string.Join(
                '|', e.Device, e.TimeUs, Kebab(e.Kind), e.Figure, e.BootId, offset, e.Detail));
        await CompareAsync(
            clickHouse, "anomalies", "SELECT device, sensor, toUnixTimestamp64Micro(event_time), value, kind, detector, mode, score, p_value, martingale, boot, sequence, reason FROM anomalies_data", anomalies, differences);
        await CompareAsync(
            clickHouse, "device_events", "SELECT device, toUnixTimestamp64Micro(event_time), kind, figure, boot, sequence, detail FROM device_events_data", events, differences);
        var (incidents, refusedToo) = await ExpectedAsync(
            log, LogTopics.Incidents, Incident.Parser, i => i.StartUs, (i, _) => string.Join(
                '|', i.Device, i.Sensor, i.StartUs, i.Id, i.Revision, Kebab(i.Kind), Kebab(i.State), Kebab(i.Direction), i.Severity, i.PeakUs, i.LastUs, i.EndUs,
                Number(i.Value), i.HasFromLevel ? Number(i.FromLevel) : "nan", i.HasToLevel ? Number(i.ToLevel) : "nan", i.HasSpreads ? Number(i.Spreads) : "nan",
                i.RunLength, Number(i.Score), i.Unit, i.Text, string.Join(' ', i.Sensors.Select(s => s.Sensor)), i.SensorCount,
                string.Join(' ', i.Detectors), i.Late ? 1 : 0, i.BootId, i.Sequence));
        await CompareAsync(
            clickHouse, "incidents", "SELECT device, sensor, toUnixTimestamp64Micro(event_time), id, revision, kind, state, direction, severity, toUnixTimestamp64Micro(peak_time), toUnixTimestamp64Micro(last_time), toUnixTimestamp64Micro(end_time), value, from_level, to_level, spreads, run_length, score, unit, text, arrayStringConcat(sensors, ' '), sensor_count, arrayStringConcat(detectors, ' '), late, boot, sequence FROM incidents_data", incidents, differences);
        var (alarms, refusedAlarms) = await ExpectedAsync(
            log, LogTopics.Alarms, AlarmChange.Parser, c => c.TimeUs, (c, offset) => string.Join(
                '|', c.Alarm.Device, c.Alarm.Sensor, c.TimeUs, c.Alarm.Id, c.Id, Kebab(c.Transition), Kebab(c.Alarm.Status), Kebab(c.Previous), c.Alarm.Source,
                c.Alarm.Kind, Kebab(c.Alarm.Priority), c.Alarm.Severity, c.Alarm.EventTimeUs, c.Alarm.RaisedUs, c.Alarm.Active ? 1 : 0,
                c.Alarm.HasValue ? Number(c.Alarm.Value) : "nan", c.Alarm.Unit, c.Alarm.Text, c.By, c.Comment, c.Alarm.Occurrences, offset));
        await CompareAsync(
            clickHouse, "alarms", "SELECT device, sensor, toUnixTimestamp64Micro(event_time), id, change, transition, status, previous, source, kind, priority, severity, toUnixTimestamp64Micro(condition_time), toUnixTimestamp64Micro(raised_time), active, value, unit, text, person, comment, occurrences, sequence FROM alarms_data", alarms, differences);
        var (entries, refusedEntries) = await ExpectedAsync(
            log, LogTopics.Catalogue, CatalogueEntry.Parser, e => e.TimeUs, (e, offset) => string.Join(
                '|', e.Device, e.Sensor, e.TimeUs, e.Source == CatalogueSource.Unspecified ? "sparkplug" : Kebab(e.Source), e.Version, e.Deleted ? 1 : 0, e.By,
                e.Comment, e.DisplayName, e.Site, e.Unit, e.Unit.Length > 0 ? "Cel" : "", offset));
        await CompareAsync(
            clickHouse, "catalogue", "SELECT device, sensor, toUnixTimestamp64Micro(event_time), source, version, deleted, person, comment, display_name, site, unit, unit_code, sequence FROM catalogue_data", entries, differences);
        return refused + alsoRefused + refusedToo + refusedAlarms + refusedEntries;
    }

    private static async Task CompareAsync(
        IClickHouse clickHouse, string table, string sql, List<string> expected, List<string> differences)
    {
        var rows = await clickHouse.QueryRowsAsync(sql, null, CancellationToken.None);
        var found = rows.Select(r => string.Join('|', r)).Order(StringComparer.Ordinal).ToList();
        expected.Sort(StringComparer.Ordinal);
        if (!found.SequenceEqual(expected, StringComparer.Ordinal))
        {
            differences.Add(
                $"{table} has {found.Count} rows ({found.Distinct().Count()} distinct), the log {expected.Count}; "
                + $"lacking: {expected.Except(found).FirstOrDefault()}; from nowhere: {found.Except(expected).FirstOrDefault()}");
        }
    }

    private static async Task<(List<string> Rows, int Refused)> ExpectedAsync<T>(
        IRecordLog log, string topic, MessageParser<T> parser, Func<T, long> timeOf, Func<T, long, string> text)
        where T : IMessage<T>
    {
        var rows = new List<string>();
        var refused = 0;
        await StoreProof.ReadAsync(log, topic, record =>
        {
            if (ConfluentFrame.TryRead(record.Value, out _, out var value)
                && parser.ParseFrom(value.Span) is var message
                && timeOf(message) >= 0)
            {
                rows.Add(text(message, record.Offset));
            }
            else
            {
                refused++;
            }
        });
        return (rows, refused);
    }

    /// <summary>ChangePoint as change-point.</summary>
    private static string Kebab(Enum kind) => System.Text.RegularExpressions.Regex.Replace(kind.ToString(), "(?<=.)[A-Z]", m => "-" + m.Value)
        .ToLowerInvariant();

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
