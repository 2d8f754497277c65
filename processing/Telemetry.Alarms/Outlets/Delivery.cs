using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Outlets;

/// <summary>A change on its way out, with its place on the log.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="Offset">Offset.</param>
/// <param name="TimestampMs">Time of the record.</param>
/// <param name="Value">The record's value.</param>
/// <param name="Change">The change; null: the value is none.</param>
internal sealed record Delivery(int Partition, long Offset, long TimestampMs, byte[] Value, AlarmChange? Change);
