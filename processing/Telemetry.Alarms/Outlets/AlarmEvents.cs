using System.Net.Mime;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Outlets;

/// <summary>A change of an alarm as a CloudEvent 1.0 in structured JSON. Its id is the change's: who gets it twice tells it by that.</summary>
internal static class AlarmEvents
{
    private static readonly JsonEventFormatter Formatter = new();

    /// <param name="change">The change.</param>
    /// <param name="source">Which installation it is.</param>
    /// <param name="contentType">Content type of the body.</param>
    public static ReadOnlyMemory<byte> Write(AlarmChange change, Uri source, out ContentType contentType)
    {
        using var data = JsonDocument.Parse(AlarmFields.WriteChange(change));
        var cloudEvent = new CloudEvent(CloudEventsSpecVersion.V1_0)
        {
            Id = change.Id,
            Source = source,
            Type = "telemetry.alarm." + AlarmNames.Of(change.Transition),
            Subject = string.Join('/', new[] { change.Alarm.Device, change.Alarm.Sensor, change.Alarm.Source }.Where(static s => s.Length > 0)),
            Time = UnixMicros.ToTime(change.TimeUs),
            DataContentType = MediaTypeNames.Application.Json,
            Data = data.RootElement,
        };
        return Formatter.EncodeStructuredModeMessage(cloudEvent, out contentType);
    }
}
