using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge;

/// <summary>Why a publish, or some of its readings, was not taken.</summary>
/// <param name="Outcome">What the sender is told.</param>
/// <param name="Cause">Kebab-case cause: dead-letter cause and metric label. From a fixed list, never from input.</param>
/// <param name="Detail">A sentence: what is wrong, where, and what to do.</param>
internal sealed record Refusal(IngestOutcome Outcome, string Cause, string Detail)
{
    public static Refusal Of(ReadingBatchError error) => new(IngestOutcome.RejectedPayload, CauseOf(error), Sentence(error));

    /// <summary>As <see cref="Of(ReadingBatchError)"/>, of the batch that was refused, whose illegal name is then told.</summary>
    public static Refusal Of(ReadingBatchError error, ReadingBatchBuffer batch) => error switch
    {
        ReadingBatchError.BadDevice => BadDevice($"The field device {ReadingNames.DeviceFault(batch.BadName)}. Set it to the device level of the topic."),
        ReadingBatchError.BadSensor => new(
            IngestOutcome.RejectedPayload,
            CauseOf(error),
            $"A sensor name {ReadingNames.SensorFault(batch.BadName)}; a sensor name is {ReadingNames.SensorRule}. Rename the sensor."),
        _ => Of(error),
    };

    /// <param name="fault">A sentence that says what is wrong with the id.</param>
    public static Refusal BadDevice(string fault) =>
        new(IngestOutcome.RejectedPayload, CauseOf(ReadingBatchError.BadDevice), $"{fault} A device id is {ReadingNames.DeviceRule}.");

    private static string CauseOf(ReadingBatchError error) => error switch
    {
        ReadingBatchError.Malformed => "malformed-payload",
        ReadingBatchError.TooLarge => "too-large",
        ReadingBatchError.TooManyReadings => "too-many-readings",
        ReadingBatchError.TooManySensors => "too-many-sensors",
        ReadingBatchError.Empty => "empty",
        ReadingBatchError.BadDevice => "bad-device",
        ReadingBatchError.BadSensor => "bad-sensor",
        ReadingBatchError.NoBootId => "no-boot-id",
        ReadingBatchError.BadSequence => "bad-sequence",
        ReadingBatchError.ColumnsDiffer => "columns-differ",
        ReadingBatchError.BadSensorIndex => "bad-sensor-index",
        ReadingBatchError.BadTime => "bad-time",
        ReadingBatchError.BadQuality => "bad-quality",
        ReadingBatchError.SchemaUnknown => "schema-unknown",
        ReadingBatchError.CountDiffers => "count-differs",
        ReadingBatchError.CountMissing => "count-missing",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "Not an error of a batch."),
    };

    private static string Sentence(ReadingBatchError error) => error switch
    {
        ReadingBatchError.Malformed =>
            "The payload is not a telemetry.v1.ReadingBatch: a tag, length or number is wrong or cut off. Check the schema, or send JSON with content type application/json.",
        ReadingBatchError.TooLarge => $"The batch is larger than {ReadingLimits.BatchBytesMax} bytes. Send smaller batches.",
        ReadingBatchError.TooManyReadings => $"The batch has more than {ReadingLimits.ReadingsMax} readings. Send smaller batches.",
        ReadingBatchError.TooManySensors => $"The batch names more than {ReadingLimits.SensorsMax} sensors. Send smaller batches.",
        ReadingBatchError.Empty => "The batch has no reading. Send at least one value.",
        ReadingBatchError.BadDevice =>
            "The field device is missing or not 1 to 64 of A-Z a-z 0-9 . _ : -. Set it to the device level of the topic.",
        ReadingBatchError.BadSensor => "A sensor name is missing or not 1 to 64 of A-Z a-z 0-9 . _ : - /. Rename the sensor.",
        ReadingBatchError.NoBootId => "The field boot_id is 0. Choose a random one at each start of the device.",
        ReadingBatchError.BadSequence => "The field first_sequence is 0 or too large, or sequence_deltas do not rise or stand beside it. Count readings from 1 within each boot.",
        ReadingBatchError.CountDiffers => "The field count says another number of readings than there are values: the batch was cut off or put together wrongly. Send it again whole.",
        ReadingBatchError.CountMissing => "The field count is missing, and Bridge:RequireCount demands it. Set it to the number of readings.",
        ReadingBatchError.ColumnsDiffer => "The columns differ in length. Send one entry for each value, or leave a column out.",
        ReadingBatchError.BadSensorIndex => "A sensor index points past the sensors of the batch.",
        ReadingBatchError.BadTime => "An event time does not fit 64 bits of microseconds. Times are microseconds since 1970.",
        ReadingBatchError.SchemaUnknown => "The schema is of no version of ReadingBatch that is known here. Roll out readers before writers.",
        _ => "A quality is not 0 (good), 1 (uncertain) or 2 (bad).",
    };
}
