using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Readings;

/// <summary>Event times that are taken: [now - past, now + future], microseconds since 1970.</summary>
internal readonly record struct EventTimeWindow(long FromUs, long ToUs)
{
    public static EventTimeWindow Around(DateTimeOffset now, BridgeOptions options)
    {
        var us = UnixMicros.From(now);
        return new(us - UnixMicros.From(options.PastMax), us + UnixMicros.From(options.FutureMax));
    }

    public bool HoldsAll(ReadOnlySpan<long> times)
    {
        foreach (var time in times)
        {
            if (time < FromUs || time > ToUs)
            {
                return false;
            }
        }

        return true;
    }

    public void RefuseOthers(ReadingColumns columns)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var time = columns.Times[i];
            if (!columns.IsRefused(i) && (time < FromUs || time > ToUs))
            {
                columns.Refuse(i, columns.FirstRefusal ?? new(IngestOutcome.RejectedPayload, "time-out-of-range", Sentence(i, time)));
            }
        }
    }

    private string Sentence(int index, long time) => string.Create(
        CultureInfo.InvariantCulture,
        $"Reading {index} has event time {time} us ({Text(time)}), outside {Text(FromUs)} to {Text(ToUs)}. Check the device's clock and the unit of its times: Protobuf times are microseconds, JSON times seconds, milliseconds or microseconds.");

    private static string Text(long us) =>
        us is > -62_135_596_800_000_000 and < 253_402_300_800_000_000
            ? UnixMicros.ToTime(us).ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : "beyond year 9999 or before year 1";
}
